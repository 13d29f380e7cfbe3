#include "certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace test_support {

namespace {

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string content(BIO* memory) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), &X509_EXTENSION_free);
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
        throw std::runtime_error("cannot add an extension");
}

} // namespace

certificate make_certificate(const std::string& host, key_kind kind) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        kind == key_kind::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key.get());
    auto* const name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("imposter"),
                               -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    const bool address = host.find_first_not_of("0123456789.") == std::string::npos;
    add_extension(made.get(), NID_subject_alt_name, (address ? "IP:" : "DNS:") + host);
    add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    if (X509_sign(made.get(), key.get(), EVP_sha256()) == 0)
        throw std::runtime_error("cannot sign");

    const bio_ptr chain_text(BIO_new(BIO_s_mem()), &BIO_free);
    const bio_ptr key_text(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(chain_text.get(), made.get());
    PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {content(chain_text.get()), content(key_text.get())};
}

} // namespace test_support
