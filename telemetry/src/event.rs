use crate::Emf;

/// Something that happened, declared once and told twice: as a log line and as metrics.
pub trait Event {
    /// Writes the log line.
    fn log(&self);
    /// Adds the metrics.
    fn measure(&self, emf: &mut Emf);
}
