{{- define "regpass.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "regpass.selector" -}}
app: {{ .Release.Name }}
{{- end }}

{{- define "regpass.podLabels" -}}
{{ include "regpass.selector" . }}
app.kubernetes.io/name: regpass
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "regpass.labels" -}}
{{ include "regpass.podLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "regpass.config" -}}
state_dir = "/var/lib/regpass"

[listen]
proxy = {{ eq .Values.mode "explicit" | ternary "127.0.0.1:3128" "" | quote }}
{{- if eq .Values.mode "transparent" }}
transparent = "127.0.0.1:13128"
{{- end }}
health = "0.0.0.0:9128"
{{- if eq .Values.mode "explicit" }}

[client_auth]
secret_file = "/run/regpass/client/secret"
create = true
readable_by = "everyone"
{{- $clear := false }}
{{- range .Values.registries }}
{{- if or .plain_http .upgrade_plain_http }}{{ $clear = true }}{{ end }}
{{- end }}
builder = {{ $clear | ternary "auto" "buildkit" | quote }}
{{- end }}

[credentials]
docker_config = ["/run/secrets/regpass"]
helpers = false
{{- if ne .Values.mode "mirror" }}

[tls]
publish_dir = "/run/regpass/trust"
{{- end }}

[drain]
idle = {{ .Values.nativeSidecar | ternary "1s" "2m" | quote }}
timeout = {{ printf "%dm" (sub (div (int .Values.workload.terminationGracePeriodSeconds) 60) 1) | quote }}
{{- if eq .Values.mode "mirror" }}

[[mirror]]
listen = "127.0.0.1:5000"
registry = {{ (first .Values.registries).host | quote }}
{{- with .Values.mirror.path }}
path = {{ . | quote }}
{{- end }}
{{- end }}

{{ dict "registry" .Values.registries | toToml | trim }}
{{- with .Values.extraConfig }}

{{ . | trim }}
{{- end }}
{{- end }}

{{- define "regpass.container" -}}
- name: regpass
  image: {{ include "regpass.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  {{- if .Values.nativeSidecar }}
  restartPolicy: Always
  {{- else }}
  # Delays the following containers until regpass is ready.
  lifecycle:
    postStart:
      exec: {command: [/usr/bin/regpass, healthcheck, ready, --wait, "60"]}
  {{- end }}
  args: [serve]
  ports:
    - {name: metrics, containerPort: 9128, protocol: TCP}
  startupProbe:
    httpGet: {path: /startupz, port: metrics}
    periodSeconds: 1
    failureThreshold: 60
  livenessProbe:
    httpGet: {path: /livez, port: metrics}
    periodSeconds: 10
    timeoutSeconds: 5
  readinessProbe:
    httpGet: {path: /readyz, port: metrics}
    periodSeconds: 10
    timeoutSeconds: 5
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  # Everything that the Pod Security Standard `restricted` requires.
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
    seccompProfile: {type: RuntimeDefault}
  volumeMounts:
    - {name: regpass-config, mountPath: /etc/regpass, readOnly: true}
    - {name: regpass-credentials, mountPath: /run/secrets/regpass, readOnly: true}
    - {name: regpass-state, mountPath: /var/lib/regpass}
    - {name: regpass-trust, mountPath: /run/regpass/trust}
    - {name: regpass-client, mountPath: /run/regpass/client}
{{- end }}

{{- define "regpass.redirect" -}}
- name: regpass-redirect
  image: {{ include "regpass.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [redirect, apply, --uid, "65532", --to, "13128"]
  resources:
    requests: {cpu: 10m, memory: 16Mi}
    limits: {memory: 64Mi}
  # Rules in the pod's network namespace need root and NET_ADMIN, while this container runs.
  securityContext:
    runAsNonRoot: false
    runAsUser: 0
    runAsGroup: 0
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL], add: [NET_ADMIN]}
    seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "regpass.buildkitd" -}}
- name: buildkitd
  image: {{ .Values.buildkitd.image }}
  {{- if eq .Values.mode "explicit" }}
  # The image's own entrypoint, with the password in a proxy variable. Build steps share buildkitd's loopback interface and user, but
  # neither its environment nor its files.
  command:
    - sh
    - -c
    - |
      secret=$(cat /run/regpass/client/secret) || exit 1
      export HTTPS_PROXY="http://buildkitd:$secret@127.0.0.1:3128"
      export HTTP_PROXY="$HTTPS_PROXY"
      if command -v rootlesskit >/dev/null; then set -- rootlesskit buildkitd "$@"; else set -- buildkitd "$@"; fi
      exec "$@"
    - buildkitd
  {{- end }}
  args:
    {{- toYaml .Values.buildkitd.args | nindent 4 }}
  {{- if ne .Values.mode "mirror" }}
  env:
    {{- if eq .Values.mode "explicit" }}
    - {name: NO_PROXY, value: "localhost,127.0.0.1,::1"}
    {{- end }}
    - {name: SSL_CERT_DIR, value: "/etc/ssl/certs:/run/regpass/trust"}
  {{- end }}
  {{- with .Values.buildkitd.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  readinessProbe:
    exec: {command: [buildctl, debug, workers]}
    initialDelaySeconds: 2
    periodSeconds: 10
  livenessProbe:
    exec: {command: [buildctl, debug, workers]}
    initialDelaySeconds: 30
    periodSeconds: 30
  # Rootless BuildKit needs this; the user is fixed in its image.
  securityContext:
    runAsUser: 1000
    runAsGroup: 1000
    seccompProfile: {type: Unconfined}
    {{- if .Values.nativeSidecar }}
    appArmorProfile: {type: Unconfined}
    {{- end }}
  volumeMounts:
    {{- if ne .Values.mode "mirror" }}
    - {name: regpass-trust, mountPath: /run/regpass/trust, readOnly: true}
    {{- else }}
    - {name: regpass-buildkitd, mountPath: /home/user/.config/buildkit, readOnly: true}
    {{- end }}
    {{- if eq .Values.mode "explicit" }}
    - {name: regpass-client, mountPath: /run/regpass/client, readOnly: true}
    {{- end }}
    - {name: cache, mountPath: /home/user/.local/share/buildkit}
{{- end }}
