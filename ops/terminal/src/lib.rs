//! Text on a terminal: what it can show, and the progress of long steps. It knows nothing of AWS or of the engine.
//!
//! - [`Terminal`] width, colours and Unicode of a stream
//! - [`Style`] how text is drawn there; [`clean`] makes text of others safe, [`fit`] cuts it, [`fold`] breaks it
//! - [`progress`] a step reports how far it is; [`reporter`] shows that on stderr

mod fold;
pub mod progress;
mod reporters;
mod stream;
mod style;

pub use fold::{columns, fold, fold_command};
pub use reporters::reporter;
pub use stream::{Terminal, Terminals, print_err};
pub use style::{Style, clean, fit, paint};
