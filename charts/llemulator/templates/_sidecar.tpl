{{/*
The sidecar, for a chart that depends on this one. docs/kubernetes.md shows a Deployment that includes all templates.
Call each template with the scope of this chart: .Subcharts.NAME, where NAME is the name of the dependency, such as llemulator.

  llemulator.sidecar.initContainer   the first item of the pod's initContainers
  llemulator.sidecar.env             variables of every other container
  llemulator.sidecar.volumeMounts    three files, for every other container
  llemulator.sidecar.volumes         volumes of the pod

With the value sidecar.wayIn, for applications that ignore proxy variables (docs/ways-in.md), also:

  llemulator.sidecar.hostAliases     hostAliases of the pod
  llemulator.sidecar.sysctls         securityContext.sysctls of the pod, by-name
  llemulator.sidecar.redirect        the second item of its initContainers, transparent
*/}}

{{- define "llemulator.image" -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
{{- end }}

{{- define "llemulator.settings" -}}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "llemulator.extraEnv" -}}
{{- with .Values.telemetry.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "llemulator.sidecar.initContainer" -}}
- name: llemulator
  restartPolicy: Always
  image: {{ include "llemulator.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  env:
    # It can be reached only from inside the pod, so its probes run inside too.
    - name: HOST
      value: 127.0.0.1
    - name: PORT
      value: "8080"
    - name: LLEMULATOR_SCRIPT
      value: /scripts/script.yaml
    {{- if eq .Values.sidecar.wayIn "by-name" }}
    - name: LLEMULATOR_LISTEN
      value: "443"
    {{- else if eq .Values.sidecar.wayIn "transparent" }}
    - name: LLEMULATOR_LISTEN
      value: transparent@8081
    {{- end }}
    {{- include "llemulator.extraEnv" . | nindent 4 }}
  startupProbe:
    exec: {command: [llemulator-probe, /readyz]}
    periodSeconds: 1
    timeoutSeconds: 5
    failureThreshold: 60
  readinessProbe:
    exec: {command: [llemulator-probe, /readyz]}
    periodSeconds: 10
    timeoutSeconds: 5
  livenessProbe:
    exec: {command: [llemulator-probe, /healthz]}
    periodSeconds: 10
    timeoutSeconds: 5
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    {{- include "llemulator.securityContext" . | nindent 4 }}
  volumeMounts:
    - name: llemulator-certs
      mountPath: /certs
    - name: llemulator-script
      mountPath: /scripts
      readOnly: true
{{- end }}

{{- define "llemulator.sidecar.env" -}}
- name: HTTPS_PROXY
  value: http://127.0.0.1:8080
- name: https_proxy
  value: http://127.0.0.1:8080
- name: NO_PROXY
  value: localhost,127.0.0.1,::1,.svc,.cluster.local,kubernetes.default,$(KUBERNETES_SERVICE_HOST)
- name: no_proxy
  value: localhost,127.0.0.1,::1,.svc,.cluster.local,kubernetes.default,$(KUBERNETES_SERVICE_HOST)
- name: SSL_CERT_FILE
  value: /llemulator-ca/bundle.pem
- name: REQUESTS_CA_BUNDLE
  value: /llemulator-ca/bundle.pem
- name: CURL_CA_BUNDLE
  value: /llemulator-ca/bundle.pem
- name: NODE_EXTRA_CA_CERTS
  value: /llemulator-ca/ca.pem
- name: DENO_CERT
  value: /llemulator-ca/ca.pem
- name: NODE_USE_ENV_PROXY
  value: "1"
{{- end }}

{{- define "llemulator.sidecar.volumeMounts" -}}
- name: llemulator-certs
  mountPath: /llemulator-ca/ca.pem
  subPath: ca.pem
  readOnly: true
- name: llemulator-certs
  mountPath: /llemulator-ca/bundle.pem
  subPath: bundle.pem
  readOnly: true
- name: llemulator-certs
  mountPath: /llemulator-ca/trust.p12
  subPath: trust.p12
  readOnly: true
{{- end }}

{{- define "llemulator.sidecar.volumes" -}}
- name: llemulator-certs
  emptyDir:
    medium: Memory
    sizeLimit: 4Mi
- name: llemulator-script
  configMap:
    name: {{ include "llemulator.name" . }}-script
{{- end }}

{{- define "llemulator.sidecar.hostAliases" -}}
- ip: {{ ternary "127.0.0.1" "192.0.2.1" (eq .Values.sidecar.wayIn "by-name") }}
  hostnames: [api.openai.com, us.api.openai.com, eu.api.openai.com]
{{- end }}

{{- define "llemulator.sidecar.sysctls" -}}
- name: net.ipv4.ip_unprivileged_port_start
  value: "443"
{{- end }}

{{- define "llemulator.sidecar.redirect" -}}
- name: llemulator-redirect
  image: {{ .Values.sidecar.redirectImage | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  resources:
    requests: {cpu: 10m, memory: 16Mi}
    limits: {memory: 32Mi}
  securityContext:
    runAsUser: 0
    runAsGroup: 0
    runAsNonRoot: false
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL], add: [NET_ADMIN]}
    seccompProfile: {type: RuntimeDefault}
{{- end }}
