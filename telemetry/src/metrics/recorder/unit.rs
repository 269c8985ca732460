//! Conversion of units of the `metrics` crate to CloudWatch's.

use metrics::Unit;

/// CloudWatch's name of the unit, and the factor for values. Undescribed counters count,
/// anything else undescribed has no unit.
///
/// CloudWatch does not say whether its kilobyte is 1,000 bytes or 1,024, so binary multiples become bytes.
pub(super) const fn of(unit: Option<Unit>, is_counter: bool) -> (&'static str, f64) {
    const KIBI: f64 = 1_024.0;
    match unit {
        None if is_counter => ("Count", 1.0),
        None => ("None", 1.0),
        Some(Unit::Count) => ("Count", 1.0),
        Some(Unit::Percent) => ("Percent", 1.0),
        Some(Unit::Seconds) => ("Seconds", 1.0),
        Some(Unit::Milliseconds) => ("Milliseconds", 1.0),
        Some(Unit::Microseconds) => ("Microseconds", 1.0),
        Some(Unit::Nanoseconds) => ("Microseconds", 1e-3),
        Some(Unit::Tebibytes) => ("Bytes", KIBI * KIBI * KIBI * KIBI),
        Some(Unit::Gibibytes) => ("Bytes", KIBI * KIBI * KIBI),
        Some(Unit::Mebibytes) => ("Bytes", KIBI * KIBI),
        Some(Unit::Kibibytes) => ("Bytes", KIBI),
        Some(Unit::Bytes) => ("Bytes", 1.0),
        Some(Unit::TerabitsPerSecond) => ("Terabits/Second", 1.0),
        Some(Unit::GigabitsPerSecond) => ("Gigabits/Second", 1.0),
        Some(Unit::MegabitsPerSecond) => ("Megabits/Second", 1.0),
        Some(Unit::KilobitsPerSecond) => ("Kilobits/Second", 1.0),
        Some(Unit::BitsPerSecond) => ("Bits/Second", 1.0),
        Some(Unit::CountPerSecond) => ("Count/Second", 1.0),
    }
}
