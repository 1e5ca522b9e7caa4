//! Frames that carry nothing of a request: SETTINGS, PING, GOAWAY, WINDOW_UPDATE, RST_STREAM and
//! PRIORITY. [doc] RFC 9113, section 6

use super::connection::Connection;
use super::event::Event;
use super::receive::{Outcome, depends_on, flow, protocol, size};
use super::{ErrorCode, frame, frame::Head};

impl<T> Connection<T> {
    pub(super) fn priority(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        if head.stream == 0 {
            return protocol("PRIORITY on stream 0");
        }
        let Ok(priority) = <[u8; 5]>::try_from(payload) else {
            self.reset_stream(head.stream, ErrorCode::FRAME_SIZE_ERROR);
            return Ok(());
        };
        if depends_on(priority) == head.stream {
            self.reset_stream(head.stream, ErrorCode::PROTOCOL_ERROR);
        }
        Ok(())
    }

    pub(super) fn stream_reset(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        self.check_begun(head.stream)?;
        if payload.len() != 4 {
            return size("RST_STREAM has not four bytes");
        }
        self.remove(head.stream);
        Ok(())
    }

    pub(super) fn settings(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        if head.stream != 0 {
            return protocol("SETTINGS on a stream");
        }
        if head.flags & frame::ACK != 0 {
            if !payload.is_empty() {
                return size("an acknowledgement has a payload");
            }
            let before = self.settings.in_force();
            self.settings.acknowledge();
            self.settle(before);
            return Ok(());
        }
        let Some(settings) = frame::settings_in(payload) else {
            return size("SETTINGS are no multiple of six bytes");
        };
        for (place, setting) in settings.enumerate() {
            if place >= USUAL_SETTINGS {
                self.noise()?;
            }
            self.setting(setting)?;
        }
        frame::settings_ack(&mut self.output);
        self.send_blocked();
        Ok(())
    }

    fn setting(&mut self, setting: frame::Setting) -> Outcome {
        let value = setting.value;
        match setting.id {
            frame::SETTING_HEADER_TABLE_SIZE => self.encoder.allow(value as usize),
            SETTING_ENABLE_PUSH if value > 1 => {
                return protocol("SETTINGS_ENABLE_PUSH is not 0 or 1");
            }
            frame::SETTING_INITIAL_WINDOW_SIZE => {
                if value > frame::MAX_WINDOW {
                    return flow("SETTINGS_INITIAL_WINDOW_SIZE is too large");
                }
                let more = i64::from(value) - self.peer.initial_window;
                self.peer.initial_window = value.into();
                for stream in self.streams.values_mut() {
                    stream.send_window += more;
                    if stream.send_window > i64::from(frame::MAX_WINDOW) {
                        return flow("SETTINGS_INITIAL_WINDOW_SIZE makes a window too large");
                    }
                }
            }
            frame::SETTING_MAX_FRAME_SIZE => {
                if !(16_384..=0xff_ffff).contains(&value) {
                    return protocol("SETTINGS_MAX_FRAME_SIZE is out of range");
                }
                self.peer.max_frame_size = value as usize;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn ping(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        if head.stream != 0 {
            return protocol("PING on a stream");
        }
        let Ok(data) = <[u8; 8]>::try_from(payload) else {
            return size("PING has not eight bytes");
        };
        if head.flags & frame::ACK == 0 {
            frame::ping_ack(&mut self.output, data);
        }
        Ok(())
    }

    pub(super) fn gone_away(&mut self, head: Head, payload: &[u8]) -> Outcome {
        if head.stream != 0 {
            return protocol("GOAWAY on a stream");
        }
        let Some(code) = payload.get(4..).and_then(<[u8]>::first_chunk::<4>) else {
            return size("GOAWAY has fewer than eight bytes");
        };
        self.events.push_back(Event::GoneAway(ErrorCode(u32::from_be_bytes(*code))));
        self.noise()
    }

    pub(super) fn window_update(&mut self, head: Head, payload: &[u8]) -> Outcome {
        let Ok(increment) = <[u8; 4]>::try_from(payload) else {
            return size("WINDOW_UPDATE has not four bytes");
        };
        let increment = u32::from_be_bytes(increment) & frame::MAX_WINDOW;
        if head.stream == 0 {
            if increment == 0 {
                return protocol("WINDOW_UPDATE by nothing");
            }
            self.send_window += i64::from(increment);
            if self.send_window > i64::from(frame::MAX_WINDOW) {
                return flow("the connection's window is too large");
            }
            let (waiting, before) = (!self.blocked.is_empty(), self.output.len());
            self.send_blocked();
            if waiting && self.output.len() == before {
                self.noise()?;
            }
            return Ok(());
        }
        self.check_begun(head.stream)?;
        let before = self.output.len();
        let Some(stream) = self.streams.get_mut(&head.stream) else {
            return self.noise();
        };
        stream.send_window += i64::from(increment);
        if increment == 0 {
            self.reset_stream(head.stream, ErrorCode::PROTOCOL_ERROR);
        } else if stream.send_window > i64::from(frame::MAX_WINDOW) {
            self.reset_stream(head.stream, ErrorCode::FLOW_CONTROL_ERROR);
        } else {
            self.send(head.stream);
            if self.output.len() > before {
                // A small window is no attack: each update lets some of the reply out.
                return Ok(());
            }
        }
        self.noise()
    }
}

/// SETTINGS_ENABLE_PUSH; we push nothing, but its values are checked.
const SETTING_ENABLE_PUSH: u16 = 2;

/// More parameters than any sender has in one frame: each costs a look at all streams.
const USUAL_SETTINGS: usize = 16;
