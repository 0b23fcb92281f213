//! The data plane: listeners, routing, pools, administration, atomic swap.
