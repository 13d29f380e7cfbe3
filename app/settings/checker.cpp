#include "app/settings/checker.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/options.hpp"

namespace app {

namespace {

// Of `serve`, before they have been checked; of those that cannot be understood the usual one.
api_set apis_of(const sourced_text& given) {
    auto parsed = parse_apis(given.text);
    const auto* apis = std::get_if<api_set>(&parsed);
    return apis != nullptr ? *apis : serve_settings().apis;
}

} // namespace

bool checker::exporting() const {
    return purpose_ == purpose::exports ||
           (purpose_ == purpose::serving && apis_of(given_["SERVE_APIS"]).contains(api::exports));
}

bool checker::uses_journal() const {
    if (purpose_ != purpose::serving)
        return purpose_ == purpose::journal || purpose_ == purpose::projecting ||
               purpose_ == purpose::replaying;
    serve_settings serving;
    serving.apis = apis_of(given_["SERVE_APIS"]);
    return serving.has_journal();
}

void checker::read_name(std::string_view name, std::string& target, parsed_name (*parse)(std::string_view)) {
    auto result = parse(given_[name].text);
    if (result.mistake.empty())
        target = std::move(result.name);
    else
        mistake(name, result.mistake);
}

void checker::mistake(std::string_view name, std::string_view clause) {
    mistakes_->push_back(mistake_in(option_named(name), given_[name], clause));
    result_.wrong.insert(std::string(name));
}

} // namespace app
