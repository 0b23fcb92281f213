//! What each proxy does: listeners, route tables, destinations, each with its origin.
