// Whatever HTTPS_PROXY and NO_PROXY hold, there is a proxy to talk to or a mistake, and an answer.
#include "http/client/proxy.hpp"

#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = http::parse_proxy(text);
    check(!parsed.mistake.empty() || !parsed.value.server.host.empty(), "a proxy has a host");
    for (const auto* host : {"acme.blob.core.windows.net", "10.1.2.3", "fd00::1"}) {
        const http::endpoint server{true, host, 443, ""};
        (void)http::bypasses_proxy(server, text);
        check(http::bypasses_proxy(server, std::string(text) + ",*"), "`*` means all");
    }
    return 0;
}
