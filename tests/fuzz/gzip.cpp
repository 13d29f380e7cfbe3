// The first byte says how the rest is cut. As gzip, the rest says the same whole or cut; as content, it comes
// back from our own compressor.
#include "csv/gzip.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

constexpr std::size_t enough = std::size_t{1} << 22; // a small input may say very much

// Nothing: refused.
std::optional<std::string> expanded(std::span<const std::byte> input, std::size_t step) {
    csv::gzip_expander expander;
    std::string plain;
    try {
        for (std::size_t from = 0; from < input.size(); from += step) {
            expander.feed(input.subspan(from, std::min(step, input.size() - from)));
            for (auto piece = expander.next(); !piece.empty(); piece = expander.next()) {
                plain.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                if (plain.size() > enough)
                    return plain.substr(0, enough);
            }
        }
        expander.finish();
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
    return plain;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const auto input = std::as_bytes(std::span(data + 1, size - 1));
    const std::size_t step = data[0] + 1U;
    check(expanded(input, step) == expanded(input, input.size()), "cut anywhere, it says the same");

    std::string compressed;
    const csv::gzip_compressor::byte_sink store = [&compressed](std::span<const std::byte> bytes) {
        compressed.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    static csv::gzip_compressor compressor; // as the program has one for all
    csv::gzip_member member;
    for (std::size_t from = 0; from < input.size(); from += step) {
        compressor.begin_part(member, store);
        compressor.write(member, input.subspan(from, std::min(step, input.size() - from)), store);
        compressor.end_part(store);
    }
    csv::gzip_compressor::end_member(member, store);
    const auto back = expanded(std::as_bytes(std::span(compressed)), compressed.size());
    check(back && *back == std::string(reinterpret_cast<const char*>(input.data()), input.size()),
          "what was compressed comes back");
    return 0;
}
