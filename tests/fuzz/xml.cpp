// A document of the service is read whole or refused with async::error; nothing else comes out.
#include "azure/blob/xml.hpp"

#include "async/error.hpp"

#include <cstdint>

namespace {

template <typename Parser>
void read_or_refuse(Parser parse, std::string_view document) {
    try {
        (void)parse(document);
    } catch (const async::error&) {
        // The refusal that the header promises.
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view document(reinterpret_cast<const char*>(data), size);
    const auto listing = [](std::string_view text) { return azure::parse_listing(text, [](const auto&) {}); };
    read_or_refuse(listing, document);
    read_or_refuse(azure::parse_committed_blocks, document);
    (void)azure::parse_error(document);
    return 0;
}
