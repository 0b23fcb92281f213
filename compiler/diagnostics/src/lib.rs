//! What a finding is and what a rule is: code, severity, spans, witness, fixes, documentation.
//! No rendering: the command line does that.
#![forbid(unsafe_code)]

mod code;
mod diagnostic;
mod rule;
mod witness;

pub use code::{Code, ParseCodeError};
pub use diagnostic::{Diagnostic, Edit, Fix, Label, ResourceId, sort};
pub use rule::{Level, Rule, Severity};
pub use witness::{Direction, Witness, WitnessRequest};
