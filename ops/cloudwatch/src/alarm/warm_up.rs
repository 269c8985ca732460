//! Warm-up of a metric alarm: the time after its creation in which missing data is no fault yet.

use super::MetricAlarm;
use crate::fields::Fields;
use crate::math::MathError;
use crate::store::MetricStore;
use crate::time::Timestamp;

use super::AlarmError;

const MINUTE_MILLIS: i64 = 60_000;
/// Two days.
const MAX_MINUTES: u32 = 2880;

/// An alarm's `WarmUpConfiguration`: it stays in `INSUFFICIENT_DATA` and notifies nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// How long.
    pub minutes: u32,
    /// Whether it lasts to its end, even when every evaluated period has data before.
    pub to_its_end: bool,
}

impl WarmUp {
    /// # Errors
    /// No duration, or one that CloudWatch refuses.
    pub(super) fn read(alarm: &Fields<'_>) -> Result<Option<Self>, AlarmError> {
        const NAME: &str = "WarmUpConfiguration";
        let Some(value) = alarm.get(NAME) else { return Ok(None) };
        let fields = Fields::of_value(value, alarm.at(NAME))?;
        let minutes = fields.count("WarmUpPeriodDurationInMinutes")?;
        if minutes > MAX_MINUTES {
            let at = fields.at("WarmUpPeriodDurationInMinutes");
            return Err(AlarmError::limit(&at, format!("{minutes} minutes are more than two days")));
        }
        let to_its_end = fields.truth("OnlyStartEvaluatingAfterWarmUpPeriodEnds", false)?;
        fields.finish()?;
        Ok(Some(Self { minutes, to_its_end }))
    }
}

impl MetricAlarm {
    /// Whether it still warms up at `now`.
    ///
    /// # Errors
    /// An expression that does not come to one series; reading an alarm from a template excludes it.
    pub fn warms_up(
        &self,
        store: &MetricStore,
        now: Timestamp,
        created: Timestamp,
    ) -> Result<bool, MathError> {
        let Some(WarmUp { minutes, to_its_end }) = self.warm_up else { return Ok(false) };
        if now >= created.plus_millis(i64::from(minutes) * MINUTE_MILLIS) {
            return Ok(false);
        }
        if to_its_end {
            return Ok(true);
        }
        let until = self.last_step(now);
        let evaluated = self.source.points(store, until, self.period, self.evaluation_periods)?;
        Ok(evaluated.iter().any(Option::is_none))
    }
}
