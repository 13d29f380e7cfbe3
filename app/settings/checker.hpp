// The common part of the checks of settings: the texts, and where values and mistakes go.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/settings/parse_name.hpp"
#include "app/settings/sources.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace app {

template <typename Value>
using choices = std::span<const std::pair<std::string_view, Value>>;

class checker {
  public:
    // All must outlive it.
    checker(const texts& given, const environment_lookup& environment, app::purpose purpose,
            checked_configuration& result)
        : given_(given)
        , environment_(environment)
        , purpose_(purpose)
        , result_(result)
        , mistakes_(&result.mistakes) {}

    [[nodiscard]] configuration& value() noexcept { return result_.value; }
    [[nodiscard]] const sourced_text& operator[](std::string_view name) const { return given_[name]; }
    // The value of a variable that is not a setting, or "".
    [[nodiscard]] std::string variable(std::string_view name) const {
        return environment_(name).value_or("");
    }
    [[nodiscard]] app::purpose purpose() const noexcept { return purpose_; }
    // Tasks are exported, or would be.
    [[nodiscard]] bool exporting() const;
    [[nodiscard]] bool uses_journal() const;

    // A checker whose mistakes do not prevent a run: for settings that are made for other programs too.
    [[nodiscard]] checker tolerant() const {
        auto made = *this;
        made.mistakes_ = &result_.value.unheeded;
        return made;
    }

    // Applies `parse` to the setting's text if it has one, and keeps the value or the mistake.
    template <typename Target, typename Parse>
    void read(std::string_view name, Target& target, Parse parse) {
        const auto& text = given_[name];
        if (!text.set())
            return;
        auto result = parse(std::string_view(text.text));
        if (auto* clause = std::get_if<std::string>(&result))
            mistake(name, *clause);
        else
            target = static_cast<Target>(std::get<0>(std::move(result)));
    }

    // The same where both the value and the mistake are text, and where an empty text is a value.
    void read_name(std::string_view name, std::string& target, parsed_name (*parse)(std::string_view));

    template <typename Value>
    void choose(std::string_view name, Value& target, choices<Value> among) {
        const auto& text = given_[name].text;
        std::string known;
        for (const auto& [word, value] : among) {
            if (text == word) {
                target = value;
                return;
            }
            known += (known.empty() ? "" : ", ") + std::string(word);
        }
        mistake(name, "give one of " + known);
    }

    // Records that the text of this setting is wrong. `clause` says what would be right.
    void mistake(std::string_view name, std::string_view clause);
    // Records a mistake that concerns no single setting. `sentence` holds no secret.
    void mistake_of_several(std::string sentence) { mistakes_->push_back(std::move(sentence)); }

  private:
    const texts& given_;
    const environment_lookup& environment_;
    app::purpose purpose_;
    checked_configuration& result_;
    std::vector<std::string>* mistakes_;
};

} // namespace app
