// What other packages' tests take from here. For a store without files use SQLite with `:memory:`.
export {
  startInfluxStandIn,
  type InfluxStandIn,
  type StandInFault,
} from './influx-stand-in/stand-in.ts'
