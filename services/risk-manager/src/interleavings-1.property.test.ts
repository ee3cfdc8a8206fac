// A part of the interleavings; the parts run beside each other.
import { describeInterleavings } from './testing/interleavings.ts'

describeInterleavings(1)
