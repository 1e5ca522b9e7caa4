#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pushpit_emulator_fuzz::payload::run(data));
