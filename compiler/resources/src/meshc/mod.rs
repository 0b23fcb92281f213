//! meshc's own kinds, group `meshc.dev`: what a repository promises about its mesh. No cluster needs them; a promise
//! stands beside what it is about and is reviewed with it.

mod invariant;
mod route_test;

pub use invariant::{Invariant, MaxTimeout, MaxWeight, MustBeMutualTls, NeverReaches, Places, Target};
pub use route_test::{Expectation, ExpectedDestination, RequestSet, RouteTest, TestRequest};
