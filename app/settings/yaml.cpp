#include "app/settings/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <yaml.h>

namespace app {

const config_value* config_value::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(map, name, &config_entry::name);
    return found == map.end() ? nullptr : &found->value;
}

namespace {

// Why a file cannot be read; within this file only.
struct yaml_mistake : std::runtime_error {
    yaml_mistake(std::size_t line, std::string_view mistake)
        : std::runtime_error(fmt::format("line {}: {}", line, mistake)) {}
};

struct event_deleter {
    void operator()(yaml_event_t* event) const noexcept {
        yaml_event_delete(event);
        std::default_delete<yaml_event_t>()(event);
    }
};
using event_handle = std::unique_ptr<yaml_event_t, event_deleter>;

class yaml_reader {
  public:
    explicit yaml_reader(std::string_view content) {
        if (yaml_parser_initialize(&parser_) == 0)
            throw std::bad_alloc();
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(content.data()),
                                     content.size());
    }
    ~yaml_reader() { yaml_parser_delete(&parser_); }
    yaml_reader(const yaml_reader&) = delete;
    yaml_reader& operator=(const yaml_reader&) = delete;

    [[nodiscard]] config_value document() {
        static_cast<void>(next()); // the stream's start
        auto event = next();
        if (event->type == YAML_STREAM_END_EVENT)
            return empty_map();
        event = next(); // behind the document's start
        auto value = read(*event, 0);
        static_cast<void>(next()); // the document's end
        event = next();
        if (event->type != YAML_STREAM_END_EVENT)
            throw yaml_mistake(line_of(*event), "a second document begins: give one");
        return value.is == config_value::kind::nothing ? empty_map() : std::move(value);
    }

  private:
    [[nodiscard]] static std::size_t line_of(const yaml_event_t& event) { return event.start_mark.line + 1; }

    [[nodiscard]] static config_value empty_map() {
        config_value value;
        value.is = config_value::kind::map;
        return value;
    }

    [[nodiscard]] event_handle next() {
        auto made = std::make_unique<yaml_event_t>();
        if (yaml_parser_parse(&parser_, made.get()) == 0)
            throw yaml_mistake(parser_.problem_mark.line + 1,
                               parser_.problem != nullptr ? parser_.problem : "it is not YAML");
        return event_handle(made.release());
    }

    [[nodiscard]] config_value read(const yaml_event_t& event, std::size_t depth) {
        if (depth > config_depth_max)
            throw yaml_mistake(line_of(event), "values are nested too deeply");
        config_value value;
        value.line = line_of(event);
        switch (event.type) {
        case YAML_SCALAR_EVENT:
            read_scalar(event, value);
            break;
        case YAML_SEQUENCE_START_EVENT:
            value.is = config_value::kind::list;
            for (auto item = next(); item->type != YAML_SEQUENCE_END_EVENT; item = next())
                value.list.push_back(read(*item, depth + 1));
            break;
        case YAML_MAPPING_START_EVENT:
            value.is = config_value::kind::map;
            for (auto name = next(); name->type != YAML_MAPPING_END_EVENT; name = next())
                read_entry(*name, value, depth);
            break;
        case YAML_ALIAS_EVENT:
            throw yaml_mistake(value.line, "aliases are not read: write the value out");
        default:
            throw yaml_mistake(value.line, "it is not YAML");
        }
        return value;
    }

    static void read_scalar(const yaml_event_t& event, config_value& value) {
        const auto& scalar = event.data.scalar;
        value.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
        static constexpr std::array<std::string_view, 5> nulls{"", "~", "null", "Null", "NULL"};
        const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
        value.is = plain && std::ranges::find(nulls, value.text) != nulls.end() ? config_value::kind::nothing
                                                                                : config_value::kind::text;
    }

    void read_entry(const yaml_event_t& name, config_value& into, std::size_t depth) {
        if (name.type != YAML_SCALAR_EVENT)
            throw yaml_mistake(line_of(name), "a name is expected here");
        config_value text;
        read_scalar(name, text);
        if (into.find(text.text) != nullptr)
            throw yaml_mistake(line_of(name), "the same name stands here a second time");
        auto value = read(*next(), depth + 1);
        value.line = line_of(name);
        into.map.push_back({std::move(text.text), std::move(value)});
    }

    yaml_parser_t parser_{};
};

} // namespace

parsed_config parse_yaml(std::string_view content) {
    try {
        yaml_reader reader(content);
        return {reader.document(), {}};
    } catch (const yaml_mistake& mistake) {
        return {{}, mistake.what()};
    }
}

} // namespace app
