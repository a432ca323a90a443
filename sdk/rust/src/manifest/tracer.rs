//! A deserializer without data: it makes values up, and notes what it is asked for.

use std::cell::Cell;
use std::fmt::{self, Display};

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::SettingKind;

/// Texts that are made up. Types that parse their text take at least one of them, mostly.
const TEXTS: [&str; 8] = ["a", "1", "1s", "127.0.0.1", "::1", "127.0.0.1:80", "http://127.0.0.1/", "00:00"];

/// How many values are made up for a field before it is given up.
const ATTEMPTS: usize = TEXTS.len();

/// Types may contain themselves.
const MAX_DEPTH: u8 = 16;

/// The names of a struct's fields; none if the type is no struct with named fields.
pub(super) fn fields<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let notes = Notes::default();
    let _ = T::deserialize(Root { given: &[], notes: &notes });
    notes.fields.get()
}

/// What the field of this name wants to be given.
pub(super) fn kind<T: DeserializeOwned>(field: &'static str) -> SettingKind {
    let notes = Notes::default();
    let kind = |attempt| {
        notes.kind.set(SettingKind::Any);
        let _ = T::deserialize(Root { given: &[(field, attempt)], notes: &notes });
        notes.kind.get()
    };
    let first = kind(0);
    // Of an enum each attempt takes another variant.
    let others = (1..notes.variants.get()).all(|attempt| kind(attempt) == first);
    if others { first } else { SettingKind::Any }
}

/// Those of the fields that must be there, as far as they can be found.
pub(super) fn required<T: DeserializeOwned>(names: &[&'static str]) -> Vec<&'static str> {
    let notes = Notes::default();
    let mut given: Vec<(&'static str, usize)> = Vec::new();
    loop {
        match T::deserialize(Root { given: &given, notes: &notes }) {
            Err(Wrong::Missing(name))
                if names.contains(&name) && given.iter().all(|(found, _)| *found != name) =>
            {
                given.push((name, 0));
            }
            Err(Wrong::Value(name)) => match given.iter_mut().find(|(found, _)| *found == name) {
                Some((_, attempt)) if *attempt + 1 < ATTEMPTS => *attempt += 1,
                _ => break,
            },
            _ => break,
        }
    }
    given.into_iter().map(|(name, _)| name).collect()
}

/// What was found out.
struct Notes {
    fields: Cell<Option<&'static [&'static str]>>,
    kind: Cell<SettingKind>,
    variants: Cell<usize>,
}

impl Default for Notes {
    fn default() -> Self {
        Self { fields: Cell::new(None), kind: Cell::new(SettingKind::Any), variants: Cell::new(0) }
    }
}

/// Why a value did not come about.
#[derive(Debug)]
enum Wrong {
    /// This field must be there.
    Missing(&'static str),
    /// What was made up for this field will not do.
    Value(&'static str),
    /// Something else.
    Other,
}

impl Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("made up")
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: Display>(_: T) -> Self {
        Self::Other
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// The struct itself, with some of its fields.
struct Root<'a> {
    /// Names, and which made-up value they get.
    given: &'a [(&'static str, usize)],
    notes: &'a Notes,
}

impl<'de> Deserializer<'de> for Root<'_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Wrong> {
        Err(Wrong::Other)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.notes.fields.set(Some(fields));
        visitor.visit_map(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Root<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((name, _)) = self.given.first() else { return Ok(None) };
        seed.deserialize(word(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let Some(((name, attempt), rest)) = self.given.split_first() else { return Err(Wrong::Other) };
        self.given = rest;
        let value = Value { attempt: *attempt, depth: 0, notes: self.notes };
        seed.deserialize(value).map_err(|_| Wrong::Value(name))
    }
}

fn word(text: &'static str) -> StrDeserializer<'static, Wrong> {
    text.into_deserializer()
}

/// A made-up value.
#[derive(Clone, Copy)]
struct Value<'a> {
    attempt: usize,
    depth: u8,
    notes: &'a Notes,
}

impl Value<'_> {
    /// Notes what a field, not something within it, is asked for.
    fn note(self, kind: SettingKind) {
        if self.depth == 0 {
            self.notes.kind.set(kind);
        }
    }

    /// A value within this one.
    fn within(self) -> Result<Self, Wrong> {
        if self.depth < MAX_DEPTH { Ok(Self { depth: self.depth + 1, ..self }) } else { Err(Wrong::Other) }
    }

    fn text(self) -> &'static str {
        TEXTS[self.attempt % TEXTS.len()]
    }

    /// 1 first, for the types that cannot be 0.
    fn number(self) -> u8 {
        u8::from(self.attempt.is_multiple_of(2))
    }
}

/// Methods that note a kind and visit a value.
macro_rules! values {
    ($($method:ident($($argument:ty),*) $kind:ident $visit:ident($value:expr);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* visitor: V) -> Result<V::Value, Wrong> {
            self.note(SettingKind::$kind);
            let value: fn(Self) -> _ = $value;
            visitor.$visit(value(self))
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Wrong;

    values! {
        deserialize_any() Any visit_str(Self::text);
        deserialize_ignored_any() Any visit_str(Self::text);
        deserialize_bool() Boolean visit_bool(|_| false);
        deserialize_i8() Integer visit_u8(Self::number);
        deserialize_i16() Integer visit_u8(Self::number);
        deserialize_i32() Integer visit_u8(Self::number);
        deserialize_i64() Integer visit_u8(Self::number);
        deserialize_i128() Integer visit_u8(Self::number);
        deserialize_u8() Integer visit_u8(Self::number);
        deserialize_u16() Integer visit_u8(Self::number);
        deserialize_u32() Integer visit_u8(Self::number);
        deserialize_u64() Integer visit_u8(Self::number);
        deserialize_u128() Integer visit_u8(Self::number);
        deserialize_f32() Number visit_f64(|this| f64::from(this.number()));
        deserialize_f64() Number visit_f64(|this| f64::from(this.number()));
        deserialize_char() Text visit_char(|_| 'a');
        deserialize_str() Text visit_str(Self::text);
        deserialize_string() Text visit_str(Self::text);
        deserialize_identifier() Text visit_str(Self::text);
        deserialize_bytes() List visit_bytes(|_| b"");
        deserialize_byte_buf() List visit_bytes(|_| b"");
        deserialize_seq() List visit_seq(|of| Elements { of, left: 0 });
        deserialize_map() Table visit_map(|of| Entries { of, names: &[] });
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.note(SettingKind::List);
        visitor.visit_seq(Elements { of: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_tuple(left, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.note(SettingKind::Table);
        visitor.visit_map(Entries { of: self, names })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        if self.depth == 0 {
            self.notes.variants.set(variants.len());
        }
        let variant = variants.get(self.attempt % variants.len().max(1)).ok_or(Wrong::Other)?;
        visitor.visit_enum(Variant { name: variant, of: self })
    }
}

/// So many values.
struct Elements<'a> {
    of: Value<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(self.of.within()?).map(Some)
    }
}

/// Values of these names.
struct Entries<'a> {
    of: Value<'a>,
    names: &'static [&'static str],
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((name, rest)) = self.names.split_first() else { return Ok(None) };
        self.names = rest;
        seed.deserialize(word(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        seed.deserialize(self.of.within()?)
    }
}

/// One variant of an enum. As a setting it is a word or, if it carries something, a table.
struct Variant<'a> {
    name: &'static str,
    of: Value<'a>,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Wrong> {
        Ok((seed.deserialize(word(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        self.of.note(SettingKind::Text);
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        self.of.note(SettingKind::Table);
        seed.deserialize(self.of.within()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.of.note(SettingKind::Table);
        visitor.visit_seq(Elements { of: self.of, left })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.of.note(SettingKind::Table);
        visitor.visit_map(Entries { of: self.of, names })
    }
}
