//! `aes_encrypt`, `aes_decrypt` and `try_aes_decrypt`: bytes under AES in the modes ECB, CBC and GCM.
//!
//! What is encrypted begins with the initialization vector where the mode has one, and ends with GCM's tag. A vector that
//! a call does not give is taken from the operating system's randomness, another one for each row.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::consts::U12;
use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::AesGcm;
use aes_gcm::aead::{Aead, Payload};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{DefaultValue, Function, Parameter, Scalar};
use crate::kernel::{Kernel, KernelCall, kernels};

const EMPTY: DefaultValue = DefaultValue::Text("");

pub(super) const AES_ENCRYPT: Function = Function::scalar("aes_encrypt", |call| bind(call, AesEncrypt))
    .named(&[
        Parameter::required("expr"),
        Parameter::required("key"),
        Parameter::optional("mode", DefaultValue::Text("GCM")),
        Parameter::optional("padding", DefaultValue::Text("DEFAULT")),
        Parameter::optional("iv", EMPTY),
        Parameter::optional("aad", EMPTY),
    ])
    .arity(2..=6)
    .since("3.3.0");
pub(super) const AES_DECRYPT: Function =
    Function::scalar("aes_decrypt", |call| bind(call, AesDecrypt)).named(DECRYPT).arity(2..=5).since("3.3.0");
pub(super) const TRY_AES_DECRYPT: Function =
    Function::scalar("try_aes_decrypt", |call| bind(call, TryAesDecrypt)).named(DECRYPT).arity(2..=5).since("3.5.0");

const DECRYPT: &[Parameter] = &[
    Parameter::required("expr"),
    Parameter::required("key"),
    Parameter::optional("mode", DefaultValue::Text("GCM")),
    Parameter::optional("padding", DefaultValue::Text("DEFAULT")),
    Parameter::optional("aad", EMPTY),
];

fn bind(call: &Call<'_>, kernel: impl Kernel) -> SparkResult<Scalar> {
    use Expected::Binary;
    let types = call.implicit_cast(&[Binary, Binary, Expected::STRING, Expected::STRING, Binary, Binary])?;
    Ok(Scalar::kernel(call, SparkType::Binary, kernel).casting(types).nullable(true))
}

kernels! {
    AesEncrypt = "spark_aes_encrypt" Volatile => |call| rows(call, |arguments| encrypt(&arguments).map(Some));
    AesDecrypt = "spark_aes_decrypt" => |call| rows(call, |arguments| decrypt(&arguments).map(Some));
    TryAesDecrypt = "spark_try_aes_decrypt" => |call| rows(call, |arguments| Ok(decrypt(&arguments).ok()));
}

/// The arguments of one row.
struct Arguments<'a> {
    input: &'a [u8],
    key: &'a [u8],
    mode: &'a str,
    padding: &'a str,
    iv: &'a [u8],
    aad: &'a [u8],
}

/// Computes each row whose arguments are all there.
fn rows(
    call: &KernelCall<'_>,
    compute: impl Fn(Arguments<'_>) -> SparkResult<Option<Vec<u8>>>,
) -> SparkResult<ColumnarValue> {
    let (inputs, keys, modes, paddings) = (call.bytes(0)?, call.bytes(1)?, call.texts(2)?, call.texts(3)?);
    // Only encryption is given a vector.
    let (ivs, aads) = if call.has(5) { (Some(call.bytes(4)?), call.bytes(5)?) } else { (None, call.bytes(4)?) };
    call.make_bytes(|row| {
        let iv = ivs.as_ref().map_or(Some(&[] as &[u8]), |ivs| ivs.get(row));
        let given = (inputs.get(row), keys.get(row), modes.get(row), paddings.get(row), iv, aads.get(row));
        let (Some(input), Some(key), Some(mode), Some(padding), Some(iv), Some(aad)) = given else { return Ok(None) };
        compute(Arguments { input, key, mode, padding, iv, aad })
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ecb,
    Cbc,
    Gcm,
}

impl Mode {
    fn of(mode: &str, padding: &str) -> SparkResult<Self> {
        let pads_by = |names: [&str; 2]| names.iter().any(|name| padding.eq_ignore_ascii_case(name));
        let known = [("ECB", Self::Ecb, "PKCS"), ("CBC", Self::Cbc, "PKCS"), ("GCM", Self::Gcm, "NONE")];
        let found = known
            .into_iter()
            .find(|(name, _, pads)| mode.eq_ignore_ascii_case(name) && pads_by(["DEFAULT", pads]))
            .map(|(_, found, _)| found);
        found.ok_or_else(|| {
            SparkError::new("UNSUPPORTED_FEATURE.AES_MODE")
                .param("mode", mode)
                .param("padding", padding)
                .param("functionName", FUNCTIONS)
        })
    }

    const fn iv_length(self) -> usize {
        match self {
            Self::Ecb => 0,
            Self::Cbc => 16,
            Self::Gcm => GCM_IV_LENGTH,
        }
    }
}

const FUNCTIONS: &str = "`aes_encrypt`/`aes_decrypt`";
const GCM_IV_LENGTH: usize = 12;
const GCM_TAG_LENGTH: usize = 16;
const BLOCK_LENGTH: usize = 16;

/// The cipher of a key's length.
#[derive(Clone, Copy)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
}

impl Cipher {
    fn of(key: &[u8]) -> SparkResult<Self> {
        match key.len() {
            16 => Ok(Self::Aes128),
            24 => Ok(Self::Aes192),
            32 => Ok(Self::Aes256),
            length => Err(SparkError::new("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH")
                .param("parameter", "`key`")
                .param("functionName", FUNCTIONS)
                .param("actualLength", length.to_string())),
        }
    }
}

/// Calls a function that is generic in the cipher.
macro_rules! with_cipher {
    ($cipher:expr, $function:ident($($argument:expr),*)) => {
        match $cipher {
            Cipher::Aes128 => $function::<Aes128>($($argument),*),
            Cipher::Aes192 => $function::<Aes192>($($argument),*),
            Cipher::Aes256 => $function::<Aes256>($($argument),*),
        }
    };
}

fn encrypt(arguments: &Arguments<'_>) -> SparkResult<Vec<u8>> {
    let Arguments { input, key, mode: name, aad, .. } = *arguments;
    let cipher = Cipher::of(key)?;
    let mode = Mode::of(name, arguments.padding)?;
    let unsupported =
        |condition: &str| SparkError::new(condition).param("mode", name).param("functionName", "`aes_encrypt`");
    let random;
    let iv = if arguments.iv.is_empty() {
        random = random_bytes(mode.iv_length())?;
        random.as_slice()
    } else if mode == Mode::Ecb {
        return Err(unsupported("UNSUPPORTED_FEATURE.AES_MODE_IV"));
    } else {
        arguments.iv
    };
    if iv.len() != mode.iv_length() {
        return Err(SparkError::new("INVALID_PARAMETER_VALUE.AES_IV_LENGTH")
            .param("mode", name)
            .param("parameter", "`iv`")
            .param("functionName", FUNCTIONS)
            .param("actualLength", iv.len().to_string()));
    }
    if !aad.is_empty() && mode != Mode::Gcm {
        return Err(unsupported("UNSUPPORTED_FEATURE.AES_MODE_AAD"));
    }
    let encrypted = match mode {
        Mode::Ecb => with_cipher!(cipher, encrypt_ecb(key, input)),
        Mode::Cbc => with_cipher!(cipher, encrypt_cbc(key, iv, input)),
        Mode::Gcm => with_cipher!(cipher, encrypt_gcm(key, iv, input, aad)),
    };
    let encrypted = encrypted.ok_or_else(|| crypto_error("Encryption failed"))?;
    Ok([iv, encrypted.as_slice()].concat())
}

fn decrypt(arguments: &Arguments<'_>) -> SparkResult<Vec<u8>> {
    let Arguments { input, key, aad, .. } = *arguments;
    let cipher = Cipher::of(key)?;
    let mode = Mode::of(arguments.mode, arguments.padding)?;
    let split = input.split_at_checked(mode.iv_length());
    match mode {
        Mode::Gcm => {
            let (iv, encrypted) = split.ok_or_else(|| crypto_error("Invalid buffer arguments"))?;
            if encrypted.len() < GCM_TAG_LENGTH {
                return Err(crypto_error("Output buffer invalid"));
            }
            with_cipher!(cipher, decrypt_gcm(key, iv, encrypted, aad)).ok_or_else(|| crypto_error("Tag mismatch!"))
        }
        Mode::Cbc | Mode::Ecb => {
            let (iv, encrypted) =
                split.ok_or_else(|| crypto_error("IV buffer too short for given offset/length combination"))?;
            if encrypted.is_empty() {
                return Ok(Vec::new());
            }
            if encrypted.len() % BLOCK_LENGTH != 0 {
                return Err(crypto_error("Input length must be multiple of 16 when decrypting with padded cipher"));
            }
            let decrypted = match mode {
                Mode::Ecb => with_cipher!(cipher, decrypt_ecb(key, encrypted)),
                Mode::Cbc | Mode::Gcm => with_cipher!(cipher, decrypt_cbc(key, iv, encrypted)),
            };
            decrypted.ok_or_else(|| {
                crypto_error(
                    "Given final block not properly padded. Such issues can arise if a bad key is used during \
                     decryption.",
                )
            })
        }
    }
}

fn crypto_error(message: &str) -> SparkError {
    SparkError::new("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR")
        .param("parameter", "`expr`, `key`")
        .param("functionName", FUNCTIONS)
        .param("detailMessage", message)
}

fn random_bytes(length: usize) -> SparkResult<Vec<u8>> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes)
        .map_err(|error| SparkError::internal(format!("the operating system gave no randomness: {error}")))?;
    Ok(bytes)
}

fn encrypt_ecb<C>(key: &[u8], input: &[u8]) -> Option<Vec<u8>>
where
    ecb::Encryptor<C>: KeyInit + BlockModeEncrypt,
    C: aes::cipher::BlockCipherEncrypt,
{
    Some(ecb::Encryptor::<C>::new_from_slice(key).ok()?.encrypt_padded_vec::<Pkcs7>(input))
}

fn decrypt_ecb<C>(key: &[u8], input: &[u8]) -> Option<Vec<u8>>
where
    ecb::Decryptor<C>: KeyInit + BlockModeDecrypt,
    C: aes::cipher::BlockCipherDecrypt,
{
    ecb::Decryptor::<C>::new_from_slice(key).ok()?.decrypt_padded_vec::<Pkcs7>(input).ok()
}

fn encrypt_cbc<C>(key: &[u8], iv: &[u8], input: &[u8]) -> Option<Vec<u8>>
where
    cbc::Encryptor<C>: KeyIvInit + BlockModeEncrypt,
    C: aes::cipher::BlockCipherEncrypt,
{
    Some(cbc::Encryptor::<C>::new_from_slices(key, iv).ok()?.encrypt_padded_vec::<Pkcs7>(input))
}

fn decrypt_cbc<C>(key: &[u8], iv: &[u8], input: &[u8]) -> Option<Vec<u8>>
where
    cbc::Decryptor<C>: KeyIvInit + BlockModeDecrypt,
    C: aes::cipher::BlockCipherDecrypt,
{
    cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(input).ok()
}

fn encrypt_gcm<C>(key: &[u8], iv: &[u8], msg: &[u8], aad: &[u8]) -> Option<Vec<u8>>
where
    AesGcm<C, U12>: KeyInit + Aead<NonceSize = U12>,
{
    let nonce = Array::<u8, U12>::try_from(iv).ok()?;
    AesGcm::<C, U12>::new_from_slice(key).ok()?.encrypt(&nonce, Payload { msg, aad }).ok()
}

fn decrypt_gcm<C>(key: &[u8], iv: &[u8], msg: &[u8], aad: &[u8]) -> Option<Vec<u8>>
where
    AesGcm<C, U12>: KeyInit + Aead<NonceSize = U12>,
{
    let nonce = Array::<u8, U12>::try_from(iv).ok()?;
    AesGcm::<C, U12>::new_from_slice(key).ok()?.decrypt(&nonce, Payload { msg, aad }).ok()
}
