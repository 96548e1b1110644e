//! Structs as templates see them.

/// Makes a struct readable by templates, field by field, without copying it into a map first.
///
/// Fields must be `Clone` and `Into<minijinja::Value>`; text that is shown often is best kept as a `Value`.
#[macro_export]
macro_rules! template_object {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::template::minijinja::value::Object for $type {
            fn get_value_by_str(self: &::std::sync::Arc<Self>, key: &str) -> Option<$crate::template::minijinja::Value> {
                match key {
                    $(stringify!($field) => Some($crate::template::minijinja::Value::from(self.$field.clone())),)+
                    _ => None,
                }
            }

            fn get_value(self: &::std::sync::Arc<Self>, key: &$crate::template::minijinja::Value) -> Option<$crate::template::minijinja::Value> {
                self.get_value_by_str(key.as_str()?)
            }

            fn is_true(self: &::std::sync::Arc<Self>) -> bool {
                true
            }
        }
    };
}
