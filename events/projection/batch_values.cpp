#include "events/projection/batch_values.hpp"

#include "csv/encoding.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <map>
#include <stdexcept>

namespace events {

namespace {

namespace json = boost::json;

// PostgreSQL's own limit depends on max_stack_depth; what is nested deeper would end the whole batch with an
// error that names no event.
constexpr std::size_t depth_max = 1000;

// Takes everything and keeps nothing.
struct json_judge {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    using failed = json::error_code;
    using view = json::string_view;
    bool on_document_begin(failed&) { return true; }
    bool on_document_end(failed&) { return true; }
    bool on_object_begin(failed&) { return true; }
    bool on_object_end(std::size_t, failed&) { return true; }
    bool on_array_begin(failed&) { return true; }
    bool on_array_end(std::size_t, failed&) { return true; }
    bool on_key_part(view, std::size_t, failed&) { return true; }
    bool on_key(view, std::size_t, failed&) { return true; }
    bool on_string_part(view, std::size_t, failed&) { return true; }
    bool on_string(view, std::size_t, failed&) { return true; }
    bool on_number_part(view, failed&) { return true; }
    bool on_int64(std::int64_t, view, failed&) { return true; }
    bool on_uint64(std::uint64_t, view, failed&) { return true; }
    bool on_double(double, view, failed&) { return true; }
    bool on_bool(bool, failed&) { return true; }
    bool on_null(failed&) { return true; }
    bool on_comment_part(view, failed&) { return true; }
    bool on_comment(view, failed&) { return true; }
};

json::parse_options strictly() {
    json::parse_options options;
    options.max_depth = depth_max;
    return options;
}

// Kafka's cluster has an id that is no UUID, for all its topics.
boost::uuids::uuid uuid_of(const event_source& from) {
    try {
        return boost::uuids::string_generator()(from.journal);
    } catch (const std::runtime_error&) {
        return boost::uuids::name_generator_sha1(boost::uuids::ns::url())(from.journal + "/" + from.topic);
    }
}

void add_element(std::string& array, std::string_view text) {
    array += array.size() == 1 ? "\"" : ",\"";
    for (const char each : text) {
        if (each == '"' || each == '\\')
            array += '\\';
        array += each;
    }
    array += '"';
}

} // namespace

std::string json_mistake(std::string_view value) {
    json::basic_parser<json_judge> parser(strictly());
    json::error_code failed;
    const auto used = parser.write_some(false, value.data(), value.size(), failed);
    if (!failed && used < value.size())
        return "something follows the JSON value";
    if (!failed)
        return {};
    if (failed == json::error::too_deep)
        return fmt::format("it is nested deeper than {} levels", depth_max);
    return fmt::format("it is not JSON: {} behind byte {}", failed.message(), used);
}

std::string values_parameter(event_list events) {
    std::size_t bytes = 2;
    for (const auto& each : events)
        bytes += each.content.value.size() + 1;
    std::string array;
    array.reserve(bytes);
    for (const auto& each : events) {
        array += array.empty() ? '[' : ',';
        array += each.content.value;
    }
    array += events.empty() ? "[]" : "]";
    return array;
}

std::string times_parameter(event_list events) {
    std::string array = "{";
    for (const auto& each : events)
        add_element(array, time_text(each.time));
    return array += '}';
}

std::string keys_parameter(event_list events) {
    std::string array = "{";
    for (const auto& each : events) {
        if (each.content.key)
            add_element(array, as_text(*each.content.key));
        else
            array += array.size() == 1 ? "NULL" : ",NULL";
    }
    return array += '}';
}

std::string headers_parameter(event_list events) {
    std::string array = "{";
    for (const auto& each : events)
        add_element(array, headers_object(each.content));
    return array += '}';
}

std::string ids_parameter(event_list events, const event_source& from) {
    const boost::uuids::name_generator_sha1 name(uuid_of(from));
    const auto prefix = from.partition == 0 ? std::string() : std::to_string(from.partition) + ":";
    std::string array = "{";
    for (const auto& each : events) {
        array += array.size() == 1 ? "" : ",";
        array += boost::uuids::to_string(name(prefix + std::to_string(each.at)));
    }
    return array += '}';
}

std::string headers_object(const event& of) {
    std::map<std::string_view, std::string_view> last;
    for (const auto& each : of.headers)
        last.insert_or_assign(each.name, each.value);
    std::string object = "{";
    for (const auto& [name, value] : last) {
        object += object.size() == 1 ? "" : ",";
        object += json::serialize(as_text(name));
        object += ':';
        object += json::serialize(as_text(value));
    }
    return object += '}';
}

std::string as_text(std::string_view bytes) {
    if (!csv::find_no_text(bytes))
        return std::string(bytes);
    std::string text;
    while (!bytes.empty()) {
        const auto length = bytes.front() == '\0' ? 0 : csv::character_size(bytes);
        text += length == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, length);
        bytes.remove_prefix(length == 0 ? 1 : length);
    }
    return text;
}

std::string time_text(event_time time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), (time - seconds).count());
}

} // namespace events
