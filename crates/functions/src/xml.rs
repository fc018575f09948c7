//! The group `xml`: values from XML text and back, and XPath.

mod from_xml;
mod infer;
mod to_xml;
mod tree;
mod xpath;
mod xpath_functions;

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &from_xml::FUNCTION,
    &infer::FUNCTION,
    &to_xml::FUNCTION,
    &xpath_functions::XPATH,
    &xpath_functions::XPATH_BOOLEAN,
    &xpath_functions::XPATH_DOUBLE,
    &xpath_functions::XPATH_FLOAT,
    &xpath_functions::XPATH_INT,
    &xpath_functions::XPATH_LONG,
    &xpath_functions::XPATH_SHORT,
    &xpath_functions::XPATH_STRING,
];
