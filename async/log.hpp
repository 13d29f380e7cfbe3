// The interface of the log; its format lives in app/, and tests attach one that collects.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace async {

enum class log_level : std::uint8_t { debug, info, warn, error };

// A flat, dotted name and a value. Never a secret, never a row's value. The views live for the call.
struct log_field {
    using value_type = std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view>;

    std::string_view key;
    value_type value;

    log_field(std::string_view name, std::string_view text)
        : key(name)
        , value(text) {}
    log_field(std::string_view name, const std::string& text)
        : key(name)
        , value(std::string_view(text)) {}
    log_field(std::string_view name, const char* text)
        : key(name)
        , value(std::string_view(text)) {}
    log_field(std::string_view name, bool flag)
        : key(name)
        , value(flag) {}
    log_field(std::string_view name, double number)
        : key(name)
        , value(number) {}
    log_field(std::string_view name, int number)
        : key(name)
        , value(std::int64_t{number}) {}
    log_field(std::string_view name, long number)
        : key(name)
        , value(std::int64_t{number}) {}
    log_field(std::string_view name, unsigned number)
        : key(name)
        , value(std::uint64_t{number}) {}
    log_field(std::string_view name, unsigned long number)
        : key(name)
        , value(std::uint64_t{number}) {}
};

class timeline;

// `event` is the stable name to alert on ("day.staged"); `message` is for people.
class log {
  public:
    log() = default;
    log(const log&) = delete;
    log& operator=(const log&) = delete;
    virtual ~log() = default;

    [[nodiscard]] bool enabled(log_level level) const noexcept { return level >= threshold_; }
    void set_threshold(log_level level) noexcept { threshold_ = level; }

    void debug(std::string_view event, std::string_view message,
               std::initializer_list<log_field> fields = {});
    void info(std::string_view event, std::string_view message, std::initializer_list<log_field> fields = {});
    void warn(std::string_view event, std::string_view message, std::initializer_list<log_field> fields = {});
    void error(std::string_view event, std::string_view message,
               std::initializer_list<log_field> fields = {});

    // Fields that are decided at run time.
    void debug(std::string_view event, std::string_view message, std::span<const log_field> fields);
    void info(std::string_view event, std::string_view message, std::span<const log_field> fields);
    void warn(std::string_view event, std::string_view message, std::span<const log_field> fields);
    void error(std::string_view event, std::string_view message, std::span<const log_field> fields);

    // As info, whatever the threshold: the one line that must never be missing.
    void summary(std::string_view event, std::string_view message, std::span<const log_field> fields);

    // Receives the spans of time (timeline.hpp), or null. It must outlive its spans.
    void attach(timeline* target) noexcept { timeline_ = target; }
    [[nodiscard]] timeline* attached_timeline() const noexcept { return timeline_; }

  protected:
    virtual void write(log_level level, std::string_view event, std::string_view message,
                       std::span<const log_field> fields) = 0;

  private:
    void submit(log_level level, std::string_view event, std::string_view message,
                std::span<const log_field> fields);

    log_level threshold_ = log_level::info;
    timeline* timeline_ = nullptr;
};

} // namespace async
