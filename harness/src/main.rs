//! The program `pushpit`.

fn main() {}
