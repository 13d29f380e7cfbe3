// Whatever the text, there is an account to talk to or a mistake that says why not.
#include "azure/auth/account.hpp"
#include "tests/fuzz/check.hpp"

namespace {

void check_account(const azure::parsed_account& parsed) {
    for (const auto& mistake : parsed.mistakes)
        check(!mistake.empty(), "a mistake is said");
    if (parsed.mistakes.empty()) {
        // A SAS needs no name, and the endpoint may be the account's own domain.
        const auto* key = std::get_if<azure::shared_key>(&parsed.value.credential);
        check(key == nullptr || !parsed.value.name.empty(), "an account that is signed for has a name");
        check(key == nullptr || !key->key.empty(), "a key has bytes");
        check(!parsed.value.blob.host.empty(), "an account has a host");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_account(azure::parse_connection_string(text));
    check_account(azure::account_from_parts(text, "", "sv=2021-08-06&sig=x"));
    check_account(azure::account_from_parts("account", text, ""));
    check_account(azure::account_from_parts("account", "", text));
    (void)azure::container_name_mistake(text);
    return 0;
}
