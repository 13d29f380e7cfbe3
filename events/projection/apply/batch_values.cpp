#include "events/projection/apply/batch_values.hpp"

#include "async/utc_time.hpp"
#include "csv/encoding.hpp"
#include "events/json_text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <map>
#include <stdexcept>

namespace events {

namespace {

namespace json = boost::json;

// A Kafka cluster has one id for all its topics, and it is not a UUID.
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
    const auto reading = read_json(value);
    switch (reading.fault) {
    case json_fault::none:
        return {};
    case json_fault::something_follows:
        return "something follows the JSON value";
    case json_fault::too_deep:
        return fmt::format("it is nested deeper than {} levels", json_nesting_max);
    case json_fault::syntax:
        break;
    }
    return fmt::format("{} behind byte {}", reading.mistake, reading.offset);
}

value_mistake mistake_in(std::string_view value) {
    if (is_tombstone(value))
        return {"22004", "it has no value: a tombstone"};
    return {"22P02", json_mistake(value)};
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
        add_element(array, async::utc_text(each.time));
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
        const auto accepted = each.time.time_since_epoch().count();
        array += boost::uuids::to_string(name(fmt::format("{}{}@{}", prefix, each.at, accepted)));
    }
    return array += '}';
}

std::string stream_parameter(const event_source& from) {
    return fmt::format("{}/{}", from.topic, from.partition);
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

} // namespace events
