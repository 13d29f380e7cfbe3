#include "lake/packed_properties.hpp"

#include "async/error.hpp"

#include <cstdint>
#include <map>
#include <type_traits>

namespace lake {

namespace {

// A member that is added to one of the types, and not here, does not compile.
template <typename Properties, typename Each>
void for_each_field(Properties& blob, Each each) {
    auto& [name, etag, size, type, content, metadata, modified, tier, archive, lease, lease_lasts, immutable,
           hold, tags, directory] = blob;
    auto& [kind, encoding, language, disposition, cache, chosen_tier, scope, content_tags] = content;
    each(name, etag, size, type, metadata, modified, tier, archive, lease, lease_lasts, immutable, hold, tags,
         directory, kind, encoding, language, disposition, cache, chosen_tier, scope, content_tags);
}

using pairs = std::map<std::string, std::string>;

class writer {
  public:
    void put(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7)
            text_ += static_cast<char>(value | 0x80);
        text_ += static_cast<char>(value);
    }
    void put(const std::string& value) {
        put(value.size());
        text_ += value;
    }
    void put(const pairs& values) {
        put(values.size());
        for (const auto& [name, value] : values) {
            put(name);
            put(value);
        }
    }
    void put(azure::blob_type value) { put(static_cast<std::uint64_t>(value)); }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

class reader {
  public:
    explicit reader(std::string_view text)
        : left_(text) {}

    [[nodiscard]] std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto byte = static_cast<unsigned char>(part(1).front());
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80)
                return value;
        }
    }
    void get(std::string& value) { value = part(number()); }
    void get(pairs& values) {
        for (auto count = number(); count > 0; --count) {
            std::string name;
            get(name);
            get(values[name]);
        }
    }
    template <typename Number>
    requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
    void get(Number& value) { value = static_cast<Number>(number()); }

  private:
    std::string_view part(std::size_t size) {
        if (left_.size() < size)
            throw async::error(async::failure::internal, "a packed blob is cut off");
        const auto taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }

    std::string_view left_;
};

} // namespace

std::string packed(const azure::blob_properties& blob) {
    writer to;
    for_each_field(blob, [&to](const auto&... field) { (to.put(field), ...); });
    return to.take();
}

azure::blob_properties unpacked_properties(std::string_view text) {
    azure::blob_properties blob;
    reader from(text);
    for_each_field(blob, [&from](auto&... field) { (from.get(field), ...); });
    return blob;
}

} // namespace lake
