//! A small stand-in for Spin: serves the component for development and tests.
fn main() {}
