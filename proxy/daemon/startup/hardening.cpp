#include "daemon/startup/hardening.hpp"

#include "daemon/side_listeners.hpp"

namespace regpass::daemon {

platform::confinement confinement_for(const config::settings& settings) {
  platform::confinement result;
  result.writable = {settings.state_dir, settings.tls.ca_dir, settings.tls.publish_dir};
  if (!settings.log.file.empty()) result.writable.push_back(settings.log.file.parent_path());
  if (settings.client_auth.create) result.writable.push_back(settings.client_auth.secret_file.parent_path());
  if (!settings.tls.key_log_file.empty()) result.writable.push_back(settings.tls.key_log_file.parent_path());
  if (const auto socket = admin_socket(settings); !socket.empty()) result.writable.push_back(socket.parent_path());
  result.published = settings.tls.publish_dir;
  result.runs_programs = settings.credentials.helpers || !settings.credentials.kubelet_providers.empty();
  return result;
}

}  // namespace regpass::daemon
