//! Whole connections: any bytes, after a good beginning or from the first on, taken whole and in
//! pieces, with an owner that answers and commands as the input says.

use crate::script::Script;
use bytes::Bytes;
use pushpit_emulator::http2::{Body, Connection, End, ErrorCode, Event, Limits};
use pushpit_emulator::wire::{ConnectionProfile, Excess, Framing, Leniency, NewSettings, Settings};

/// Runs one connection twice, cut differently, and compares them.
pub fn run(data: &[u8]) {
    let &[beginning, size, ref rest @ ..] = data else {
        return;
    };
    let begins_well = beginning & 1 == 0;
    let script_length = usize::from(size).min(rest.len());
    let (script, wire) = rest.split_at(script_length);
    let limits = limits(&mut Script(script));
    let whole = play(limits, begins_well, script, wire, |left| left);
    let mut cut = 0;
    let pieces = play(limits, begins_well, script, wire, |left| {
        cut = cut * 5 % 97 + 1;
        left.min(cut)
    });
    assert_eq!(whole, pieces);
}

fn limits(script: &mut Script<'_>) -> Limits {
    let first = script.byte();
    let pick = |bit: u8, few: u32, many: u32| if first & bit == 0 { many } else { few };
    let settings = Settings {
        header_table_size: pick(1, 100, 4096),
        max_concurrent_streams: pick(2, 2, 1000),
        initial_window_size: pick(4, 16, 65_535),
        max_frame_size: 16_384,
        max_header_list_size: pick(8, 256, 16_384),
    };
    let excess = Excess::GoAway { code: 1, debug: "too many" };
    Limits {
        settings: if first & 16 == 0 { settings } else { ConnectionProfile::GENERIC.settings },
        excess: if first & 32 == 0 { Excess::Refuse } else { excess },
        leniency: if first & 64 == 0 { Leniency::ALL } else { Leniency::NONE },
        connection_window: 1 << 20,
        drain_ceiling: if first & 128 == 0 { 1 << 20 } else { 64 },
    }
}

/// Plays the wire's bytes in steps that the script gives, each step in pieces, with a command
/// after each step; gives all that came out.
fn play(
    limits: Limits,
    begins_well: bool,
    script: &[u8],
    wire: &[u8],
    mut piece: impl FnMut(usize) -> usize,
) -> (Vec<String>, Vec<u8>) {
    let mut script = Script(script);
    script.byte();
    let mut player = Player {
        connection: Connection::new(limits),
        widest: limits,
        waiting: Vec::new(),
        said: Vec::new(),
        written: Vec::new(),
    };
    if begins_well {
        player.connection.receive(PREFACE, |_| (CEILING, ()));
        player.connection.receive(NO_SETTINGS, |_| (CEILING, ()));
    }
    let mut rest = wire;
    while !rest.is_empty() {
        let step = match script.byte() {
            0 => rest.len(),
            more => usize::from(more) * 2,
        };
        let (mut part, after) = rest.split_at(step.min(rest.len()));
        while !part.is_empty() {
            let (now, later) = part.split_at(piece(part.len()));
            player.connection.receive(now, |_| (CEILING, ()));
            part = later;
        }
        player.take_events();
        player.command(&mut script);
        player.check();
        rest = after;
    }
    player.said.push(format!("{} {}", player.connection.is_over(), player.connection.is_waiting()));
    (player.said, player.written)
}

struct Player {
    connection: Connection<()>,
    /// The limits with the widest SETTINGS that were said.
    widest: Limits,
    waiting: Vec<u32>,
    said: Vec<String>,
    written: Vec<u8>,
}

impl Player {
    fn take_events(&mut self) {
        while let Some(event) = self.connection.next_event() {
            if let Event::HeadTooLarge { stream, .. } = &event {
                self.waiting.push(*stream);
            }
            if let Event::Request(stream, request) = &event {
                self.waiting.push(*stream);
                assert!(request.body().len() <= CEILING);
            }
            self.said.push(format!("{event:?}"));
        }
    }

    fn command(&mut self, script: &mut Script<'_>) {
        match script.byte() % 10 {
            // The usual: all that waits is answered.
            0 => {
                for stream in std::mem::take(&mut self.waiting) {
                    self.respond(stream, Body { bytes: REPLY, ..Body::default() });
                }
            }
            1 => {}
            2 => {
                let framing = Framing { split: u32::from(script.byte()), empty: script.byte() % 4 };
                let end = match script.byte() % 4 {
                    0 => End::Reset(ErrorCode::CANCEL),
                    1 => End::Never,
                    _ => End::Whole,
                };
                if let Some(stream) = self.waiting.pop() {
                    let bytes = REPLY.slice(..usize::from(script.byte()) % REPLY.len());
                    self.respond(stream, Body { bytes, framing, end });
                }
            }
            3 => {
                let limit = u32::from(script.byte() % 4);
                let slow = self.connection.look(limit, u32::from(script.byte() % 4));
                for stream in slow {
                    self.respond(stream, Body::default());
                }
            }
            4 => self.change_settings(script),
            5 => {
                let last = (script.byte() & 1 == 0).then(|| u32::from(script.byte()));
                self.connection.go_away(ErrorCode::NO_ERROR, b"bye", last);
            }
            6 => self.connection.stall(u32::from(script.byte())),
            7 if script.byte() == 7 => self.connection.stall_all(),
            8 => {
                if let Some(stream) = self.waiting.pop() {
                    let last = self.connection.before(stream);
                    assert!(last <= stream.saturating_sub(2) || last > 0);
                    self.connection.reset_stream(stream, ErrorCode::REFUSED_STREAM);
                }
            }
            _ => {
                if let Some(stream) = self.waiting.pop() {
                    self.respond(stream, Body::default());
                }
            }
        }
    }

    fn change_settings(&mut self, script: &mut Script<'_>) {
        let mut value = |most: u32| {
            let byte = script.byte();
            (byte & 1 == 0).then(|| u32::from(byte >> 1) * (most / 127))
        };
        let new = NewSettings {
            header_table_size: value(16 << 10),
            max_concurrent_streams: value(500),
            initial_window_size: value(0x7fff_ffff),
            max_frame_size: value(64 << 10).map(|size| size.max(16_384)),
            max_header_list_size: value(32 << 10),
        };
        self.connection.change_settings(&new);
        let (all, one) = (self.widest.settings, new.over(self.widest.settings));
        self.widest.settings = Settings {
            header_table_size: all.header_table_size.max(one.header_table_size),
            max_concurrent_streams: all.max_concurrent_streams.max(one.max_concurrent_streams),
            initial_window_size: all.initial_window_size.max(one.initial_window_size),
            max_frame_size: all.max_frame_size.max(one.max_frame_size),
            max_header_list_size: all.max_header_list_size.max(one.max_header_list_size),
        };
    }

    fn respond(&mut self, stream: u32, body: Body) {
        let fields: [(&[u8], &[u8]); 1] = [(b"apns-id", b"1")];
        self.connection.respond(stream, 200, fields.into_iter(), body);
    }

    /// Holds what is kept against the budget, and takes the output.
    fn check(&mut self) {
        let reply = 10 * REPLY.len() + 100;
        let budget = self.widest.memory_budget(STEP, CEILING, reply);
        let memory = self.connection.memory();
        assert!(memory <= budget, "{memory} bytes are kept, the budget is {budget}");
        self.written.extend_from_slice(self.connection.output());
        self.connection.written();
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A SETTINGS frame that says nothing.
const NO_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const CEILING: usize = 512;
/// The longest step but the last.
const STEP: usize = 64 << 10;
const REPLY: Bytes = Bytes::from_static(&[b'r'; 200]);
