#include "azure/blob/name_uuid.hpp"

#include "async/error.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

namespace azure {

namespace {

constexpr std::string_view oid_namespace("\x6b\xa7\xb8\x12\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8",
                                         16);

} // namespace

std::string name_uuid(std::string_view name) {
    const auto whole = std::string(oid_namespace).append(name);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(whole.data(), whole.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1 || size < 16)
        throw async::error(async::failure::internal, "OpenSSL does not offer SHA-1");
    digest[6] = static_cast<unsigned char>((digest[6] & 0x0fU) | 0x50U);
    digest[8] = static_cast<unsigned char>((digest[8] & 0x3fU) | 0x80U);
    std::string text;
    for (std::size_t at = 0; at < 16; ++at)
        text += fmt::format("{}{:02x}", at == 4 || at == 6 || at == 8 || at == 10 ? "-" : "", digest[at]);
    return text;
}

} // namespace azure
