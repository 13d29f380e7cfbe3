#include "azure/auth/impl/client_assertion.hpp"

#include "async/error.hpp"
#include "http/client/base64.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

namespace azure {

namespace json = boost::json;

namespace {

constexpr std::chrono::minutes validity{10};
// Of two clocks that do not quite agree.
constexpr std::chrono::minutes leeway{2};

template <auto Free>
struct freed_by {
    template <typename T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using bio_handle = std::unique_ptr<BIO, freed_by<BIO_free>>;
using key_handle = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_handle = std::unique_ptr<X509, freed_by<X509_free>>;
using archive_handle = std::unique_ptr<PKCS12, freed_by<PKCS12_free>>;
using digest_handle = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;

struct signer {
    key_handle key;
    certificate_handle certificate;
};

[[noreturn]] void refuse(const char* problem) {
    ERR_clear_error();
    throw async::error(
        async::failure::usage, std::string("the client certificate ") + problem,
        "AZURE_CLIENT_CERTIFICATE_PATH names a PEM file with an RSA certificate and its private key, or a "
        "PKCS #12 file; AZURE_CLIENT_CERTIFICATE_PASSWORD opens it.");
}

void must_be_made(bool done) {
    if (done)
        return;
    ERR_clear_error();
    throw async::error(async::failure::internal, "signing the client assertion failed");
}

bio_handle reading(std::string_view text) {
    bio_handle bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    must_be_made(bio != nullptr);
    return bio;
}

// Without this OpenSSL would ask at the terminal.
int give_password(char* into, int size, int /*writing*/, void* password) {
    const auto& text = *static_cast<const std::string*>(password);
    if (text.size() > static_cast<std::size_t>(size))
        return -1;
    std::memcpy(into, text.data(), text.size());
    return static_cast<int>(text.size());
}

signer from_pem(std::string_view file, std::string password) {
    signer made;
    made.key.reset(PEM_read_bio_PrivateKey(reading(file).get(), nullptr, give_password, &password));
    if (!made.key)
        refuse("has no private key that can be read");
    made.certificate.reset(PEM_read_bio_X509(reading(file).get(), nullptr, give_password, &password));
    if (!made.certificate)
        refuse("file holds no certificate");
    return made;
}

signer from_pkcs12(std::string_view file, const std::string& password) {
    const archive_handle archive(d2i_PKCS12_bio(reading(file).get(), nullptr));
    if (!archive)
        refuse("is neither PEM nor PKCS #12");
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    if (PKCS12_parse(archive.get(), password.c_str(), &key, &certificate, nullptr) != 1)
        refuse("cannot be opened with its password");
    signer made{key_handle(key), certificate_handle(certificate)};
    if (!made.key || !made.certificate)
        refuse("file lacks the certificate or the private key");
    return made;
}

std::string base64url(std::span<const unsigned char> bytes) {
    auto text = http::base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::string base64url(const json::object& part) {
    const auto text = json::serialize(part);
    return base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

std::string thumbprint(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    must_be_made(X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1);
    return base64url({digest.data(), size});
}

// RSASSA-PSS with SHA-256, the salt as long as the digest (RFC 7518, section 3.5).
std::string signature(EVP_PKEY* key, std::string_view text) {
    const digest_handle digest(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    must_be_made(digest && EVP_DigestSignInit(digest.get(), &parameters, EVP_sha256(), nullptr, key) == 1);
    must_be_made(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1);
    must_be_made(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    must_be_made(EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) == 1);
    std::vector<unsigned char> made(size);
    must_be_made(EVP_DigestSign(digest.get(), made.data(), &size, bytes, text.size()) == 1);
    return base64url({made.data(), size});
}

} // namespace

std::string client_assertion(std::string_view file, const std::string& password,
                             const assertion_claims& claims) {
    const auto with = file.find("-----BEGIN ") != std::string_view::npos ? from_pem(file, password)
                                                                         : from_pkcs12(file, password);
    if (EVP_PKEY_get_base_id(with.key.get()) != EVP_PKEY_RSA)
        refuse("is not RSA, the only kind that Entra ID accepts");
    if (X509_check_private_key(with.certificate.get(), with.key.get()) != 1)
        refuse("and the private key do not belong together");

    const auto seconds = [](std::chrono::system_clock::time_point at) {
        return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
    };
    json::object header;
    header["alg"] = "PS256";
    header["typ"] = "JWT";
    header["x5t#S256"] = thumbprint(with.certificate.get());
    json::object statement;
    statement["aud"] = claims.audience;
    statement["iss"] = claims.client;
    statement["sub"] = claims.client;
    statement["jti"] = claims.id;
    statement["nbf"] = seconds(claims.now - leeway);
    statement["exp"] = seconds(claims.now + validity);
    auto text = base64url(header) + "." + base64url(statement);
    return text + "." + signature(with.key.get(), text);
}

} // namespace azure
