#include "archive/retention.hpp"

#include "archive/interval_unit.hpp"
#include "async/ascii.hpp"
#include "async/quotable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

namespace archive {

namespace {

constexpr std::int64_t fraction_scale = 1'000'000; // six decimal places

// Beyond this a cutoff falls before year 1, or out of the range of a timestamp: surely not what was meant.
constexpr double longest = 1000 * 365.25 * static_cast<double>(microseconds_per_day);

// <cctype> takes an unsigned char; it is used here alone.
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// For a message that may end up in a log: one line of plain characters, not too long.
std::string shown(std::string_view text) {
    constexpr std::size_t shown_max = 60;
    std::string result(text.substr(0, shown_max));
    for (char& c : result)
        if (c < ' ' || c > '~')
            c = '?';
    return text.size() > shown_max ? result + "..." : result;
}

void append_part(std::string& text, std::int64_t count, std::string_view name) {
    if (count != 0)
        text += fmt::format("{}{} {}{}", text.empty() ? "" : " ", count, name, count == 1 ? "" : "s");
}

std::string normalised(const retention& value) {
    std::string text;
    append_part(text, value.months / 12, "year");
    append_part(text, value.months % 12, "mon");
    append_part(text, value.days, "day");
    append_part(text, value.microseconds / (3600 * microseconds_per_second), "hour");
    append_part(text, value.microseconds / (60 * microseconds_per_second) % 60, "min");
    append_part(text, value.microseconds / microseconds_per_second % 60, "sec");
    append_part(text, value.microseconds % microseconds_per_second, "microsecond");
    return text;
}

// Reads from the front; every step returns false once `mistake` is set.
class retention_reader {
  public:
    explicit retention_reader(std::string_view text)
        : text_(text)
        , rest_(text) {}

    std::variant<retention, std::string> read() {
        skip_spaces();
        while (!rest_.empty() && is_space(rest_.back()))
            rest_.remove_suffix(1);
        if (rest_.starts_with('@')) { // as interval_out writes it in its verbose style
            rest_.remove_prefix(1);
            skip_spaces();
        }
        if ((looks_like_iso() ? read_iso() : read_terms()) && is_zero())
            fail("is zero, which would archive every event at once");
        if (!mistake_.empty())
            return async::may_quote(text_)
                       ? fmt::format("'{}' {}; write for example '1 year', '90 days' or 'P1Y2M'",
                                     shown(text_), mistake_)
                       : std::string("it is not a period; write for example '1 year', '90 days' or 'P1Y2M'");
        sum_.interval = normalised(sum_);
        return sum_;
    }

  private:
    struct number {
        std::uint64_t whole = 0;
        std::int64_t fraction = 0; // in parts of fraction_scale
    };

    bool fail(std::string mistake) {
        mistake_ = std::move(mistake);
        return false;
    }

    void skip_spaces() {
        while (!rest_.empty() && is_space(rest_.front()))
            rest_.remove_prefix(1);
    }

    template <typename Predicate>
    std::string_view take_while(Predicate belongs) {
        std::size_t size = 0;
        while (size < rest_.size() && belongs(rest_[size]))
            ++size;
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    [[nodiscard]] bool looks_like_iso() const {
        return (rest_.starts_with('P') || rest_.starts_with('p')) &&
               (rest_.size() == 1 || !is_letter(rest_[1]) || rest_[1] == 'T' || rest_[1] == 't');
    }

    bool read_iso() {
        rest_.remove_prefix(1);
        bool after_t = false;
        do {
            if (!after_t && (rest_.starts_with('T') || rest_.starts_with('t'))) {
                after_t = true;
                rest_.remove_prefix(1);
            }
            number count;
            if (!read_number(count))
                return false;
            if (rest_.empty())
                return fail("has a number without a unit");
            const auto* found = find_designator(rest_.front(), after_t);
            if (found == nullptr)
                return fail(fmt::format("has '{}' where ISO 8601 has a unit", shown(rest_)));
            rest_.remove_prefix(1);
            if (!add(count, *found))
                return false;
        } while (!rest_.empty());
        return true;
    }

    bool read_terms() {
        do {
            number count;
            if (!read_number(count))
                return false;
            skip_spaces();
            const auto word = take_while(is_letter);
            const auto* found = find_unit(word);
            if (word.empty())
                return fail("has a number without a unit");
            if (async::lowercase(word) == "m")
                return fail("has the unit 'm', which is a minute to PostgreSQL and a month to many: write "
                            "'min' or 'mon'");
            if (found == nullptr)
                return fail(fmt::format("has '{}' where a unit of time should be", shown(word)));
            if (!add(count, *found) || !read_separator())
                return false;
        } while (!rest_.empty());
        return true;
    }

    // PostgreSQL takes punctuation between terms for a space. Of it, only a comma looks meant.
    bool read_separator() {
        const auto before = rest_;
        skip_spaces();
        if (rest_.starts_with(',')) {
            rest_.remove_prefix(1);
            skip_spaces();
            if (rest_.empty())
                return fail("ends in a comma");
        }
        if (!rest_.empty() && rest_.size() == before.size())
            return fail(fmt::format("goes on with '{}' after a unit", shown(rest_)));
        return true;
    }

    bool read_number(number& count) {
        if (rest_.starts_with('-'))
            return fail("is negative");
        if (rest_.starts_with('+'))
            return fail("has a sign");
        if (async::lowercase(rest_) == "ago")
            return fail("is negative, because of 'ago'");
        const auto whole = take_while(is_digit);
        if (whole.empty())
            return fail(rest_.empty() ? std::string("names no span of time")
                                      : fmt::format("has '{}' where a number should be", shown(rest_)));
        if (std::from_chars(whole.data(), whole.data() + whole.size(), count.whole).ec != std::errc())
            return fail("is longer than 1000 years");
        return !rest_.starts_with('.') || read_fraction(count);
    }

    bool read_fraction(number& count) {
        rest_.remove_prefix(1);
        const auto digits = take_while(is_digit);
        if (digits.empty() || digits.size() > 6)
            return fail("has a fraction that is not of one to six digits");
        std::from_chars(digits.data(), digits.data() + digits.size(), count.fraction);
        for (auto places = digits.size(); places < 6; ++places)
            count.fraction *= 10;
        return true;
    }

    bool add(const number& count, const interval_unit& of) {
        if (std::ranges::find(seen_, &of) != seen_.end())
            return fail(fmt::format("names the {} twice", of.name));
        seen_.push_back(&of);
        const auto months = count.fraction * of.months;
        if (months % fraction_scale != 0)
            return fail(fmt::format("has a fraction of a {}, which is no whole number of months", of.name));
        length_ += (static_cast<double>(count.whole) +
                    static_cast<double>(count.fraction) / static_cast<double>(fraction_scale)) *
                   of.length();
        if (length_ > longest)
            return fail("is longer than 1000 years");

        // No sum below can overflow: all are bounded by the check above.
        const auto whole = static_cast<std::int64_t>(count.whole);
        sum_.months += static_cast<std::int32_t>(whole * of.months + months / fraction_scale);
        sum_.days += static_cast<std::int32_t>(whole * of.days);
        sum_.microseconds += whole * of.microseconds;
        // A fraction of a week is whole days and the rest time, as in PostgreSQL.
        const auto days = count.fraction * of.days;
        sum_.days += static_cast<std::int32_t>(days / fraction_scale);
        sum_.microseconds += (days % fraction_scale) * (microseconds_per_day / fraction_scale);
        sum_.microseconds += (count.fraction * of.microseconds + fraction_scale / 2) / fraction_scale;
        return true;
    }

    [[nodiscard]] bool is_zero() const {
        return sum_.months == 0 && sum_.days == 0 && sum_.microseconds == 0;
    }

    std::string_view text_;
    std::string_view rest_;
    std::string mistake_;
    retention sum_;
    double length_ = 0;
    std::vector<const interval_unit*> seen_;
};

} // namespace

std::variant<retention, std::string> parse_retention(std::string_view text) {
    return retention_reader(text).read();
}

} // namespace archive
