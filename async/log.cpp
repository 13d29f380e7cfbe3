#include "async/log.hpp"

namespace async {

void log::submit(log_level level, std::string_view event, std::string_view message,
                 std::span<const log_field> fields) {
    if (enabled(level))
        write(level, event, message, fields);
}

void log::debug(std::string_view event, std::string_view message, std::initializer_list<log_field> fields) {
    submit(log_level::debug, event, message, std::span(fields.begin(), fields.size()));
}

void log::info(std::string_view event, std::string_view message, std::initializer_list<log_field> fields) {
    submit(log_level::info, event, message, std::span(fields.begin(), fields.size()));
}

void log::warn(std::string_view event, std::string_view message, std::initializer_list<log_field> fields) {
    submit(log_level::warn, event, message, std::span(fields.begin(), fields.size()));
}

void log::error(std::string_view event, std::string_view message, std::initializer_list<log_field> fields) {
    submit(log_level::error, event, message, std::span(fields.begin(), fields.size()));
}

void log::debug(std::string_view event, std::string_view message, std::span<const log_field> fields) {
    submit(log_level::debug, event, message, fields);
}

void log::info(std::string_view event, std::string_view message, std::span<const log_field> fields) {
    submit(log_level::info, event, message, fields);
}

void log::warn(std::string_view event, std::string_view message, std::span<const log_field> fields) {
    submit(log_level::warn, event, message, fields);
}

void log::error(std::string_view event, std::string_view message, std::span<const log_field> fields) {
    submit(log_level::error, event, message, fields);
}

void log::summary(std::string_view event, std::string_view message, std::span<const log_field> fields) {
    write(log_level::info, event, message, fields);
}

} // namespace async
