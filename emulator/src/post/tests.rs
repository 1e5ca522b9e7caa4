//! The post office by itself.
