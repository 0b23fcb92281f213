//! What holds values: lists, maps, structs, enumerations, and the parts of a spanned value.

use meshc_source::Span;
use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::error::Failure;
use super::path::Step;
use super::value::{KeyDeserializer, Position, ValueDeserializer};
use super::{Encoding, Issue, Reading, not_yet};
use crate::node::{Entry, Key, Node};

/// The items of a list, without those that are left out.
pub(super) struct SeqItems<'r, 'a> {
    reading: &'r Reading<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'r, 'a> SeqItems<'r, 'a> {
    pub(super) fn new(reading: &'r Reading<'a>, items: &'a [Node]) -> Self {
        Self { reading, items: items.iter().enumerate() }
    }
}

impl<'a> SeqAccess<'a> for SeqItems<'_, 'a> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let reading = self.reading;
        let Some((index, node)) = self.items.find(|(_, node)| !reading.is_poisoned(node)) else {
            return Ok(None);
        };
        reading
            .under(Step::Index(index), || {
                seed.deserialize(ValueDeserializer::new(reading, node, Position::Item))
            })
            .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a map, without those that are left out.
pub(super) struct MapEntries<'r, 'a> {
    reading: &'r Reading<'a>,
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
}

impl<'r, 'a> MapEntries<'r, 'a> {
    pub(super) fn new(reading: &'r Reading<'a>, entries: &'a [Entry]) -> Self {
        Self { reading, entries: entries.iter(), value: None }
    }
}

impl<'a> MapAccess<'a> for MapEntries<'_, 'a> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let reading = self.reading;
        let Some(entry) = self.entries.find(|entry| !reading.is_poisoned(&entry.value)) else {
            return Ok(None);
        };
        self.value = Some(entry);
        // A key that its type refuses takes its entry with it.
        seed.deserialize(KeyDeserializer::new(&entry.key)).map(Some).map_err(|failure| {
            if !matches!(failure, Failure::Recorded) {
                reading.record(Issue::InvalidValue {
                    path: reading.path(),
                    span: entry.key.span,
                    message: failure.to_string(),
                });
            }
            reading.poison(&entry.value);
            Failure::Recorded
        })
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some(entry) = self.value.take() else {
            return Err(Failure::custom("value before key"));
        };
        self.reading.under(Step::Key(&entry.key.text), || {
            seed.deserialize(ValueDeserializer::new(self.reading, &entry.value, Position::Value(&entry.key)))
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// The entries of a mapping that a struct takes, without those that are null or left out.
pub(super) struct StructEntries<'r, 'a> {
    reading: &'r Reading<'a>,
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
    fields: &'static [&'static str],
}

impl<'r, 'a> StructEntries<'r, 'a> {
    pub(super) fn new(
        reading: &'r Reading<'a>,
        entries: &'a [Entry],
        fields: &'static [&'static str],
    ) -> Self {
        Self { reading, entries: entries.iter(), value: None, fields }
    }

    /// Records a key that is none of the fields; one that is a field was asked to be ignored.
    pub(super) fn record_unknown(reading: &Reading<'_>, key: &Key, fields: &'static [&'static str]) {
        if !fields.contains(&&*key.text) {
            reading.record(Issue::UnknownField {
                path: reading.path(),
                key_span: key.span,
                name: key.text.to_string(),
                expected: fields,
            });
        }
    }

    /// The one entry of a mapping that stands for a variant; unknown keys beside it are recorded.
    pub(super) fn only(
        reading: &Reading<'a>,
        entries: &'a [Entry],
        variants: &'static [&'static str],
    ) -> Result<&'a Entry, Failure> {
        let mut found: Option<&Entry> = None;
        for entry in entries {
            let known = variants.contains(&&*entry.key.text);
            if !known {
                let step = Step::Key(&entry.key.text);
                reading.under(step, || {
                    Self::record_unknown(reading, &entry.key, variants);
                    Ok(())
                })?;
            } else if entry.value.is_null() {
                // As not written.
            } else if let Some(first) = found {
                return Err(Failure::Message(format!(
                    "`{}` and `{}` exclude each other: write one of them",
                    first.key.text, entry.key.text
                )));
            } else {
                found = Some(entry);
            }
        }
        let expected = || Failure::Message(format!("one of {} is needed", crate::suggest::list(variants)));
        let entry = found.ok_or_else(expected)?;
        // Left out, and the variant is nothing without it.
        if reading.is_poisoned(&entry.value) { Err(Failure::LeftOut) } else { Ok(entry) }
    }
}

impl<'a> MapAccess<'a> for StructEntries<'_, 'a> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let (reading, fields) = (self.reading, self.fields);
        let Some(entry) = self.entries.find(|entry| {
            let absent = entry.value.is_null() && fields.contains(&field_name(reading, &entry.key, fields));
            if absent {
                reading.found_null(entry);
            }
            !absent && !reading.is_poisoned(&entry.value)
        }) else {
            return Ok(None);
        };
        self.value = Some(entry);
        let name = field_name(reading, &entry.key, fields);
        seed.deserialize(KeyDeserializer { text: name, span: entry.key.span }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some(entry) = self.value.take() else {
            return Err(Failure::custom("value before key"));
        };
        let position = Position::Field(&entry.key, self.fields);
        self.reading.under(Step::Key(&entry.key.text), || {
            seed.deserialize(ValueDeserializer::new(self.reading, &entry.value, position))
        })
    }
}

/// The field that a key names. In protojson a field is written as in JSON (`accessLogFile`) or as in its
/// message (`access_log_file`).
fn field_name<'a>(reading: &Reading<'_>, key: &'a Key, fields: &'static [&'static str]) -> &'a str {
    let text = &*key.text;
    if reading.encoding != Encoding::ProtoJson || !text.contains('_') || fields.contains(&text) {
        return text;
    }
    let same = |field: &&&str| {
        let mut after_underscore = false;
        let mut letters = text.chars().filter_map(|letter| {
            let upper = std::mem::replace(&mut after_underscore, letter == '_');
            (letter != '_').then(|| if upper { letter.to_ascii_uppercase() } else { letter })
        });
        field.chars().all(|letter| letters.next() == Some(letter)) && letters.next().is_none()
    };
    fields.iter().find(same).copied().unwrap_or(text)
}

/// What an enumeration is read from.
pub(super) enum EnumContent<'r, 'a> {
    /// A string that names the variant.
    Unit(&'a str, UnitNode<'r, 'a>),
    /// A key that names the variant, and its content.
    Entry(&'r Reading<'a>, &'a Entry),
}

/// The content of a variant that is only named: nothing.
pub(super) struct UnitNode<'r, 'a> {
    pub(super) reading: &'r Reading<'a>,
    pub(super) node: &'a Node,
}

/// The content of a variant that a key names.
pub(super) struct EntryVariant<'r, 'a>(&'r Reading<'a>, &'a Entry);

impl<'r, 'a> EnumAccess<'a> for EnumContent<'r, 'a> {
    type Error = Failure;
    type Variant = Content<'r, 'a>;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self::Variant), Failure> {
        match self {
            Self::Unit(text, unit) => {
                let variant = seed.deserialize(StrDeserializer::<Failure>::new(text))?;
                Ok((variant, Content::Unit(unit)))
            }
            Self::Entry(reading, entry) => {
                let variant = seed.deserialize(KeyDeserializer::new(&entry.key))?;
                Ok((variant, Content::Entry(EntryVariant(reading, entry))))
            }
        }
    }
}

/// The content of a variant.
pub(super) enum Content<'r, 'a> {
    /// None: it was named by a string.
    Unit(UnitNode<'r, 'a>),
    /// The value of the key that named it.
    Entry(EntryVariant<'r, 'a>),
}

impl<'r, 'a> Content<'r, 'a> {
    fn read<T>(
        self,
        read: impl FnOnce(ValueDeserializer<'r, 'a>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self {
            Self::Unit(_) => Err(Failure::Type("a mapping".to_owned())),
            Self::Entry(EntryVariant(reading, entry)) => reading.under(Step::Key(&entry.key.text), || {
                read(ValueDeserializer::new(reading, &entry.value, Position::Value(&entry.key)))
            }),
        }
    }
}

impl<'a> VariantAccess<'a> for Content<'_, 'a> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self {
            Self::Unit(_) => Ok(()),
            // `{}` is a message without fields, whatever is in it is unknown.
            Self::Entry(_) => {
                self.read(|value| value.deserialize_unit_struct("", serde::de::IgnoredAny)).map(|_| ())
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Failure> {
        match self {
            Self::Unit(unit) => seed.deserialize(unit),
            Self::Entry(_) => self.read(|value| seed.deserialize(value)),
        }
    }

    fn tuple_variant<V: Visitor<'a>>(self, len: usize, visitor: V) -> Result<V::Value, Failure> {
        self.read(|value| value.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.read(|value| value.deserialize_struct("", fields, visitor))
    }
}

impl<'a> Deserializer<'a> for UnitNode<'_, 'a> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'a>>(self, _: V) -> Result<V::Value, Failure> {
        Err(Failure::Type("a mapping".to_owned()))
    }

    /// A value of an enumeration that is not implemented.
    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name != not_yet::NAME {
            return self.deserialize_any(visitor);
        }
        let path = format!("{}: {}", self.reading.path(), self.node.as_str().unwrap_or_default());
        self.reading.record(Issue::NotImplemented { path, key_span: self.node.span });
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// File, start, end, and then the value itself.
pub(super) struct SpannedParts<D> {
    value: Option<D>,
    numbers: std::array::IntoIter<u32, 3>,
}

impl<D> SpannedParts<D> {
    pub(super) fn new(value: D, span: Span) -> Self {
        Self { value: Some(value), numbers: [span.file.0, span.start, span.end].into_iter() }
    }
}

impl<'a, D: Deserializer<'a, Error = Failure>> SeqAccess<'a> for SpannedParts<D> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        if let Some(number) = self.numbers.next() {
            let number: U32Deserializer<Failure> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        self.value.take().map(|value| seed.deserialize(value)).transpose()
    }
}
