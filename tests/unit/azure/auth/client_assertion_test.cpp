#include "async/error.hpp"
#include "azure/auth/impl/client_assertion.hpp"
#include "http/client/base64.hpp"
#include "tests/support/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <gmock/gmock.h>

namespace azure {
namespace {

using test_support::key_kind;
using ::testing::HasSubstr;
using ::testing::Not;

const assertion_claims claims{"https://login.example.org/t/oauth2/v2.0/token", "c-1", "id-1",
                              std::chrono::system_clock::time_point(std::chrono::seconds(1'760'000'000))};

std::vector<unsigned char> decoded(std::string part) {
    std::replace(part.begin(), part.end(), '-', '+');
    std::replace(part.begin(), part.end(), '_', '/');
    part.resize((part.size() + 3) / 4 * 4, '=');
    return http::base64_decode(part).value();
}

std::string text_of(const std::string& part) {
    const auto bytes = decoded(part);
    return {bytes.begin(), bytes.end()};
}

std::vector<std::string> parts_of(const std::string& token) {
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    return {token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

bool verifies(const std::string& token, const std::string& key_pem) {
    BIO* bio = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    EVP_MD_CTX* digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX* parameters = nullptr;
    EVP_DigestVerifyInit(digest, &parameters, EVP_sha256(), nullptr, key);
    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, 32);
    const auto signature = decoded(parts_of(token)[2]);
    const auto text = token.substr(0, token.rfind('.'));
    const bool good = EVP_DigestVerify(digest, signature.data(), signature.size(),
                                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
    EVP_MD_CTX_free(digest);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

std::string mistake_in(const std::string& file, const std::string& password = "") {
    try {
        (void)client_assertion(file, password, claims);
    } catch (const async::error& failed) {
        EXPECT_EQ(failed.kind(), async::failure::usage);
        return failed.message();
    }
    return "";
}

TEST(client_assertion, is_signed_with_the_certificates_key) {
    const auto made = test_support::make_certificate("client", key_kind::rsa);
    for (const auto& file : {made.chain + made.key, made.key + made.chain}) {
        const auto token = client_assertion(file, "", claims);
        const auto parts = parts_of(token);
        EXPECT_THAT(text_of(parts[0]), HasSubstr(R"("alg":"PS256","typ":"JWT","x5t#S256":")"));
        EXPECT_EQ(text_of(parts[1]),
                  R"({"aud":"https://login.example.org/t/oauth2/v2.0/token","iss":"c-1","sub":"c-1",)"
                  R"("jti":"id-1","nbf":1759999880,"exp":1760000600})");
        EXPECT_TRUE(verifies(token, made.key));
        EXPECT_EQ(token.find_first_of("+/="), std::string::npos);
    }
}

TEST(client_assertion, says_what_is_wrong_with_the_file) {
    const auto one = test_support::make_certificate("one", key_kind::rsa);
    const auto other = test_support::make_certificate("other", key_kind::rsa);
    EXPECT_THAT(mistake_in("canary"), HasSubstr("neither PEM nor PKCS #12"));
    EXPECT_THAT(mistake_in(one.chain), HasSubstr("no private key"));
    EXPECT_THAT(mistake_in(one.key), HasSubstr("no certificate"));
    EXPECT_THAT(mistake_in(one.chain + other.key), HasSubstr("do not belong together"));
    const auto elliptic = test_support::make_certificate("elliptic");
    EXPECT_THAT(mistake_in(elliptic.chain + elliptic.key), HasSubstr("not RSA"));
    EXPECT_THAT(mistake_in("canary", "canary"), Not(HasSubstr("canary")));
}

} // namespace
} // namespace azure
