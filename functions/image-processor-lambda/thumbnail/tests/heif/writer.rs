//! Writes HEIF files box by box, of coded pictures of the fixtures: no encoder writes all that readers must know.

#![allow(clippy::indexing_slicing, reason = "places in files made here")]

use heifer_isobmff::HeifFile;

use super::common::fixture;

/// The first coded picture of a file.
#[derive(Clone)]
pub(crate) struct Coded {
    pub(crate) kind: [u8; 4],
    /// The box of the configuration.
    pub(crate) configuration: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

impl Coded {
    pub(crate) fn of(name: &str) -> Self {
        let bytes = fixture(name);
        let file = HeifFile::parse(&bytes).unwrap();
        let is_coded = |kind: &[u8; 4]| matches!(kind, b"hvc1" | b"av01");
        let item = file.items.iter().find(|item| is_coded(&item.item_type.0)).unwrap();
        let configuration: &[u8] = if &item.item_type.0 == b"hvc1" { b"hvcC" } else { b"av1C" };
        let start = bytes.windows(4).position(|kind| kind == configuration).unwrap() - 4;
        let size = u32::from_be_bytes(bytes[start..start + 4].try_into().unwrap()) as usize;
        Self {
            kind: item.item_type.0,
            configuration: bytes[start..start + size].to_vec(),
            data: file.item_data(item.id).unwrap().into_owned(),
        }
    }
}

struct Item {
    kind: [u8; 4],
    data: Vec<u8>,
    properties: Vec<Vec<u8>>,
}

/// Items with their properties, which are boxes, and references.
pub(crate) struct Heif {
    brand: [u8; 4],
    items: Vec<Item>,
    references: Vec<([u8; 4], u16, Vec<u16>)>,
    pub(crate) primary: u16,
}

impl Heif {
    pub(crate) fn new(brand: [u8; 4]) -> Self {
        Self { brand, items: Vec::new(), references: Vec::new(), primary: 1 }
    }

    pub(crate) fn item(&mut self, kind: [u8; 4], data: &[u8], properties: &[Vec<u8>]) -> u16 {
        self.items.push(Item { kind, data: data.to_vec(), properties: properties.to_vec() });
        u16::try_from(self.items.len()).unwrap()
    }

    /// A coded picture that is declared to have this size.
    pub(crate) fn picture(&mut self, coded: &Coded, size: (u32, u32), properties: &[Vec<u8>]) -> u16 {
        let own = [&[coded.configuration.clone(), extent(size)], properties].concat();
        self.item(coded.kind, &coded.data, &own)
    }

    /// A grid of rows and columns, which becomes the primary item.
    pub(crate) fn grid(&mut self, (rows, columns): (u8, u8), size: (u32, u32), tiles: &[u16]) -> u16 {
        let head = [0, 1, rows - 1, columns - 1];
        let data = [&head[..], &size.0.to_be_bytes(), &size.1.to_be_bytes()].concat();
        self.primary = self.item(*b"grid", &data, &[extent(size)]);
        self.refer(*b"dimg", self.primary, tiles);
        self.primary
    }

    pub(crate) fn refer(&mut self, kind: [u8; 4], from: u16, to: &[u16]) {
        self.references.push((kind, from, to.to_vec()));
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let short = |number: usize| u16::try_from(number).unwrap().to_be_bytes();
        let long = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        let (mut infos, mut properties, mut associations) = (Vec::new(), Vec::new(), Vec::new());
        let mut count = 0;
        for (index, item) in self.items.iter().enumerate() {
            infos.extend(full(*b"infe", 2, 0, &[&short(index + 1)[..], &[0; 2], &item.kind, &[0]].concat()));
            associations.extend([&short(index + 1)[..], &short(item.properties.len())[1..]].concat());
            for property in &item.properties {
                count += 1;
                associations.extend(short(count));
                properties.extend(property);
            }
        }
        let references: Vec<u8> = self
            .references
            .iter()
            .flat_map(|(kind, from, to)| {
                let to = to.iter().flat_map(|id| id.to_be_bytes());
                let content = from.to_be_bytes().into_iter().chain(short(to.clone().count() / 2)).chain(to);
                boxed(*kind, &content.collect::<Vec<_>>())
            })
            .collect();
        let associations = [&long(self.items.len())[..], &associations].concat();
        let tables = [
            full(*b"hdlr", 0, 0, &[&[0; 4][..], b"pict", &[0; 13]].concat()),
            full(*b"pitm", 0, 0, &self.primary.to_be_bytes()),
            full(*b"iinf", 0, 0, &[&short(self.items.len())[..], &infos].concat()),
            full(*b"iref", 0, 0, &references),
            boxed(*b"iprp", &[boxed(*b"ipco", &properties), full(*b"ipma", 0, 1, &associations)].concat()),
        ];
        let start = boxed(*b"ftyp", &[&self.brand[..], &[0; 4], b"mif1", &self.brand].concat());
        // An item's place takes fourteen bytes, and the head of their table sixteen; two more heads follow or precede.
        let mut offset = start.len() + tables.concat().len() + 12 + 16 + 14 * self.items.len() + 8;
        let mut places = [&[0x44, 0][..], &short(self.items.len())].concat();
        for (index, item) in self.items.iter().enumerate() {
            places.extend(
                [&short(index + 1)[..], &short(0), &short(1), &long(offset), &long(item.data.len())].concat(),
            );
            offset += item.data.len();
        }
        let meta = full(*b"meta", 0, 0, &[tables.concat(), full(*b"iloc", 0, 0, &places)].concat());
        let data: Vec<u8> = self.items.iter().flat_map(|item| item.data.clone()).collect();
        [start, meta, boxed(*b"mdat", &data)].concat()
    }
}

pub(crate) fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&size[..], &kind, content].concat()
}

fn full(kind: [u8; 4], version: u8, flags: u8, content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, flags], content].concat())
}

/// `ispe`.
fn extent((width, height): (u32, u32)) -> Vec<u8> {
    full(*b"ispe", 0, 0, &[width.to_be_bytes(), height.to_be_bytes()].concat())
}

/// `irot`, anticlockwise.
pub(crate) fn rotation(quarters: u8) -> Vec<u8> {
    boxed(*b"irot", &[quarters])
}

/// `auxC`.
pub(crate) fn auxiliary(kind: &str) -> Vec<u8> {
    full(*b"auxC", 0, 0, &[kind.as_bytes(), &[0]].concat())
}

/// `colr` of code points, of the full range.
pub(crate) fn nclx(primaries: u16, transfer: u16, matrix: u16) -> Vec<u8> {
    let points = [primaries, transfer, matrix].map(u16::to_be_bytes).concat();
    boxed(*b"colr", &[&b"nclx"[..], &points, &[0x80]].concat())
}
