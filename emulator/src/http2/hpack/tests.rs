//! The examples of RFC 7541, appendix C, and what hostile blocks meet.

use super::{Decoder, Encoder, HpackError, Listed, integer};
use proptest::prelude::*;

type Field = (String, String);

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<Field>, HpackError> {
    let mut fields = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    decoder.decode(block, LIMIT, |name, value| fields.push((text(name), text(value))))?;
    Ok(fields)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|digit| !digit.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(byte).collect::<Result<_, _>>().expect("test texts are hexadecimal")
}

fn fields(list: &[(&str, &str)]) -> Vec<Field> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn long_values_that_come_again_are_read_as_they_came() {
    let mut decoder = Decoder::new(4096);
    let long = |letter: &str| letter.repeat(300);
    for value in ["a", "a", "b", "a", "b", "b"].map(long) {
        let coded = coded(value.as_bytes());
        let mut block = vec![0x1f, 0x08, 0xff];
        let rest = coded.len() - 127;
        block.extend([(rest % 128) as u8 | 0x80, (rest / 128) as u8]);
        block.extend(coded);
        assert_eq!(decode(&mut decoder, &block), Ok(fields(&[("authorization", &value)])));
    }
}

#[test]
fn the_integers_of_appendix_c_1_are_read_and_written() {
    for (value, prefix, coded) in [(10, 5, "0a"), (1337, 5, "1f 9a 0a"), (42, 8, "2a")] {
        let coded = hex(coded);
        let mut written = Vec::new();
        integer::write(&mut written, 0, prefix, value);
        assert_eq!(written, coded);
        let followed = [&coded[..], &[0xff]].concat();
        let mut rest = &followed[..];
        assert_eq!(integer::read(&mut rest, prefix), Ok(value));
        assert_eq!(rest, [0xff]);
    }
    // The bits above the prefix belong to something else.
    assert_eq!(integer::read(&mut &[0xea_u8][..], 5), Ok(10));
}

#[test]
fn the_fields_of_appendix_c_2_are_decoded_and_only_the_indexed_one_is_remembered() {
    let literals = [
        (
            "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
            ("custom-key", "custom-header"),
            Ok(fields(&[("custom-key", "custom-header")])),
        ),
        (
            "040c 2f73 616d 706c 652f 7061 7468",
            (":path", "/sample/path"),
            Err(HpackError::NoEntry(62)),
        ),
        (
            "1008 7061 7373 776f 7264 0673 6563 7265 74",
            ("password", "secret"),
            Err(HpackError::NoEntry(62)),
        ),
        ("82", (":method", "GET"), Err(HpackError::NoEntry(62))),
    ];
    for (block, expected, remembered) in literals {
        let mut decoder = Decoder::new(4096);
        assert_eq!(decode(&mut decoder, &hex(block)), Ok(fields(&[expected])));
        assert_eq!(decode(&mut decoder, &[0xbe]), remembered);
    }
}

#[test]
fn the_requests_of_appendix_c_3_and_c_4_are_decoded() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let coded = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    let expected = [
        fields(&[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "www.example.com"),
        ]),
        fields(&[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "www.example.com"),
            ("cache-control", "no-cache"),
        ]),
        fields(&[
            (":method", "GET"),
            (":scheme", "https"),
            (":path", "/index.html"),
            (":authority", "www.example.com"),
            ("custom-key", "custom-value"),
        ]),
    ];
    for blocks in [plain, coded] {
        let mut decoder = Decoder::new(4096);
        for (block, expected) in blocks.iter().zip(&expected) {
            assert_eq!(decode(&mut decoder, &hex(block)).as_ref(), Ok(expected));
        }
    }
}

#[test]
fn the_responses_of_appendix_c_5_and_c_6_are_decoded_with_evictions_from_a_small_table() {
    let plain = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a
         3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04
         677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49
         553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ];
    let coded = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e
         919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7
         821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed
         4ee5 b106 3d50 07",
    ];
    let date = "Mon, 21 Oct 2013 20:13:21 GMT";
    let location = "https://www.example.com";
    let first = fields(&[
        (":status", "302"),
        ("cache-control", "private"),
        ("date", date),
        ("location", location),
    ]);
    let second = fields(&[
        (":status", "307"),
        ("cache-control", "private"),
        ("date", date),
        ("location", location),
    ]);
    let third = fields(&[
        (":status", "200"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
        ("location", location),
        ("content-encoding", "gzip"),
        ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"),
    ]);
    let left: Vec<_> = [5, 4, 2].map(|place| third[place].clone()).into();
    for blocks in [plain, coded] {
        let mut decoder = Decoder::new(256);
        for (block, expected) in blocks.iter().zip([&first, &second, &third]) {
            assert_eq!(decode(&mut decoder, &hex(block)).as_ref(), Ok(expected));
        }
        assert_eq!(decode(&mut decoder, &hex("be bf c0")).as_ref(), Ok(&left));
        assert_eq!(decode(&mut decoder, &hex("c1")), Err(HpackError::NoEntry(65)));
    }
}

#[test]
fn malformed_blocks_are_told_apart() {
    let wrong = |block: &str| decode(&mut Decoder::new(4096), &hex(block));
    assert_eq!(wrong("80"), Err(HpackError::NoEntry(0)));
    assert_eq!(wrong("be"), Err(HpackError::NoEntry(62)));
    assert_eq!(wrong("ff"), Err(HpackError::Cut));
    assert_eq!(wrong("40 05 61"), Err(HpackError::Cut));
    assert_eq!(wrong("ff ff ff ff ff ff ff"), Err(HpackError::Integer));
    assert_eq!(wrong("82 20"), Err(HpackError::ResizeLate));
    assert_eq!(wrong("3f e2 1f"), Err(HpackError::Resize { size: 4097, allowed: 4096 }));
    // A text of nothing but padding, padding with a zero, the end of text spelled out.
    assert_eq!(wrong("40 81 ff 00"), Err(HpackError::Huffman));
    assert_eq!(wrong("40 81 00 00"), Err(HpackError::Huffman));
    assert_eq!(wrong("40 84 ff ff ff ff 00"), Err(HpackError::Huffman));
}

#[test]
fn a_list_that_is_too_large_is_not_handed_out_but_the_table_stays_in_step() {
    let mut decoder = Decoder::new(4096);
    let block = hex("40 01 61 01 62 40 01 63 01 64");
    let mut seen = 0;
    assert_eq!(decoder.decode(&block, 34, |_, _| seen += 1), Ok(Listed::TooLarge));
    assert_eq!(seen, 1);
    assert_eq!(decode(&mut decoder, &[0xbe]), Ok(fields(&[("c", "d")])));
}

#[test]
fn an_entry_named_a_thousand_times_is_copied_up_to_the_limit_alone() {
    let mut decoder = Decoder::new(4096);
    let long = [&hex("40 01 61 7f a1 1e")[..], &[b'x'; 4000]].concat();
    assert_eq!(decoder.decode(&long, 8000, |_, _| ()), Ok(Listed::Whole));
    let mut copied = 0;
    let bomb = vec![0xbe; 16_000];
    let listed = decoder.decode(&bomb, 8000, |_, value| copied += value.len());
    assert_eq!((listed, copied), (Err(HpackError::Bomb), 4000));
}

#[test]
fn a_table_made_smaller_forgets_and_stays_smaller() {
    let mut decoder = Decoder::new(4096);
    assert_eq!(decode(&mut decoder, &hex("40 01 61 01 62")), Ok(fields(&[("a", "b")])));
    decoder.allow(0);
    assert_eq!(decode(&mut decoder, &[0xbe]), Err(HpackError::NoEntry(62)));
    let resize = HpackError::Resize { size: 1, allowed: 0 };
    assert_eq!(decode(&mut decoder, &[0x21]), Err(resize));
}

#[test]
fn a_peer_with_a_smaller_table_is_told_once_that_we_use_none() {
    let mut encoder = Encoder::default();
    encoder.allow(100);
    let mut blocks = [Vec::new(), Vec::new()];
    for block in &mut blocks {
        encoder.begin(block);
        encoder.status(block, 200);
    }
    assert_eq!(blocks, [vec![0x20, 0x88], vec![0x88]]);
}

#[test]
fn every_byte_can_be_decoded_from_its_code() {
    for byte in 0..=u8::MAX {
        let text = [b'0', byte, byte, b'a'];
        let mut decoded = Vec::new();
        super::huffman::decode(&coded(&text), &mut decoded).expect("it is well-formed");
        assert_eq!(decoded, text);
    }
}

/// A text in Huffman code, bit by bit: slow, and independent of the tables of the decoder.
fn coded(text: &[u8]) -> Vec<u8> {
    let mut bits: Vec<bool> = text.iter().flat_map(|byte| super::huffman::code_of(*byte)).collect();
    bits.resize(bits.len().next_multiple_of(8), true);
    bits.chunks(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | u8::from(*bit))).collect()
}

proptest! {
    #[test]
    fn what_the_encoder_writes_is_what_the_decoder_reads(
        status in 100_u16..1000,
        list in proptest::collection::vec(("[a-z-]{1,20}", "[ -~]{0,200}"), 0..8),
    ) {
        let mut encoder = Encoder::default();
        let mut block = Vec::new();
        encoder.begin(&mut block);
        encoder.status(&mut block, status);
        for (name, value) in &list {
            encoder.field(&mut block, name.as_bytes(), value.as_bytes());
        }
        let mut expected = vec![(":status".to_owned(), status.to_string())];
        expected.extend(list);
        prop_assert_eq!(decode(&mut Decoder::new(4096), &block), Ok(expected));
    }

    #[test]
    fn any_text_comes_back_from_its_huffman_code(text: Vec<u8>) {
        let mut decoded = Vec::new();
        super::huffman::decode(&coded(&text), &mut decoded).expect("it is well-formed");
        prop_assert_eq!(decoded, text);
    }

    #[test]
    fn no_block_panics_and_the_list_stays_within_its_limit(
        blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..4),
    ) {
        let mut decoder = Decoder::new(4096);
        for block in blocks {
            let mut size = 0;
            let outcome = decoder.decode(&block, 200, |name, value| size += name.len() + value.len());
            prop_assert!(size <= 200);
            if outcome.is_err() {
                break;
            }
        }
    }
}

const LIMIT: usize = 16 * 1024;
