/**
 * What random sequences begin with: the same in every run, so that what failed once fails again, and no
 * change is refused for a sequence that it did not make. `FLOTILLA_PROPERTY_SEED` asks for others.
 */
export const propertySeed: number = Number(process.env['FLOTILLA_PROPERTY_SEED'] ?? 20_240_805)
