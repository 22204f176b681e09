//! Rows events written anew: of a table with other columns than the event they are made of had.

use crate::{
    error::DecodeError,
    event_header::{EventKind, HEADER_LENGTH},
    rows::{RowsFlags, RowsKind, RowsLayout},
    table_map::MAX_COLUMNS,
};

/// Bytes of a table's number.
const TABLE_ID_LENGTH: usize = 6;

/// Writes a rows event (version 2, without checksum) image by image. An image is [`RowsWriter::begin_image`] and then one value
/// for each column that its bitmap has, in their order.
#[derive(Debug)]
pub struct RowsWriter {
    out: Vec<u8>,
    layout: RowsLayout,
    /// Where the NULL bits of the image begin, and how many values it has.
    nulls: usize,
    values: usize,
}

impl RowsWriter {
    /// `header` is a whole event, or its first 19 bytes: server, time and position are taken over from there. `images` are the
    /// columns that the images have: one for INSERT and DELETE, before and after for UPDATE.
    pub fn new(header: &[u8], table_id: u64, flags: RowsFlags, kind: RowsKind, images: &[&[bool]]) -> Self {
        let event = match kind {
            RowsKind::Insert => EventKind::WRITE_ROWS,
            RowsKind::Update => EventKind::UPDATE_ROWS,
            RowsKind::Delete => EventKind::DELETE_ROWS,
        };
        let width = images.first().map_or(0, |image| image.len().min(MAX_COLUMNS));
        let mut out = header.get(..HEADER_LENGTH).unwrap_or_default().to_vec();
        out.resize(HEADER_LENGTH, 0);
        out.extend(table_id.to_le_bytes().into_iter().take(TABLE_ID_LENGTH));
        out.extend(flags.0.to_le_bytes());
        // The length of the extra data counts itself.
        out.extend(2u16.to_le_bytes());
        match u8::try_from(width) {
            Ok(width) if width < 251 => out.push(width),
            _ => {
                out.push(0xfc);
                out.extend((width as u16).to_le_bytes());
            }
        }
        let bitmaps = out.len() as u32;
        for image in images {
            let start = out.len();
            out.resize(start + width.div_ceil(8), 0);
            for (index, _) in image.iter().enumerate().filter(|(_, present)| **present) {
                set_bit(&mut out, start, index);
            }
        }
        let rows = out.len() as u32;
        let layout = RowsLayout {
            table_id,
            flags,
            kind,
            event,
            width: width as u16,
            compressed: false,
            bitmaps,
            rows,
            end: rows,
            max_inflated: 0,
        };
        if let Some(place) = out.get_mut(4) {
            *place = event.0;
        }
        Self { out, layout, nulls: 0, values: 0 }
    }

    /// Begins an image that has so many columns.
    pub fn begin_image(&mut self, present: usize) {
        (self.nulls, self.values) = (self.out.len(), 0);
        self.out.resize(self.nulls + present.div_ceil(8), 0);
    }

    pub fn null(&mut self) {
        set_bit(&mut self.out, self.nulls, self.values);
        self.values += 1;
    }

    /// A value as it was read, [`crate::StoredValue::bytes`].
    pub fn stored(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.values += 1;
    }

    /// A value of VARCHAR with so many bytes declared. False, and nothing is written, if it is longer.
    pub fn text(&mut self, declared: u16, bytes: &[u8]) -> bool {
        if bytes.len() > usize::from(declared) {
            return false;
        }
        let length = (bytes.len() as u16).to_le_bytes();
        self.out.extend(length.into_iter().take(if declared > 255 { 2 } else { 1 }));
        self.stored(bytes);
        true
    }

    /// A value of BIGINT, signed or not.
    pub fn bigint(&mut self, bits: u64) {
        self.stored(&bits.to_le_bytes());
    }

    /// Bytes so far.
    pub fn size(&self) -> usize {
        self.out.len()
    }

    /// The event, and what of it are rows.
    ///
    /// Errors: it is larger than `limit`, or than an event can be.
    pub fn finish(mut self, limit: u64) -> Result<(Vec<u8>, RowsLayout), DecodeError> {
        let size = self.out.len() as u64;
        let too_large =
            DecodeError::TooLarge { kind: self.layout.event, what: "event with other columns", size, limit };
        let Some(end) = u32::try_from(size).ok().filter(|_| size <= limit) else { return Err(too_large) };
        self.layout.end = end;
        if let Some(place) = self.out.get_mut(9..13) {
            place.copy_from_slice(&end.to_le_bytes());
        }
        Ok((self.out, self.layout))
    }
}

fn set_bit(out: &mut [u8], start: usize, index: usize) {
    if let Some(byte) = out.get_mut(start + index / 8) {
        *byte |= 1 << (index % 8);
    }
}
