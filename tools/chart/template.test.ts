import { describe, expect, test } from '@jest/globals';
import { renderTemplate } from './template.js';

const scope = {
  Values: { role: 'hub', on: true, off: false, none: [], map: { b: 1, a: ['<x>'] }, text: 'x' },
  Release: { Namespace: 'n' },
};

test.each([
  ['plain: {text}', 'plain: {text}'],
  ['{name: {{ .Release.Namespace }}}', '{name: n}'],
  ['a\n{{- if .Values.on }}\nb\n{{- end }}\nc', 'a\nb\nc'],
  ['a\n{{- if .Values.off }}\nb\n{{- end }}\nc', 'a\nc'],
  ['{{ if .Values.none }}1{{ else if eq .Values.role "member" "hub" }}2{{ else }}3{{ end }}', '2'],
  ['{{ if .Values.none }}1{{ else }}{{ if .Values.on }}2{{ end }}{{ end }}', '2'],
  ['{{ if and (ne .Values.role "hub") .Values.on }}1{{ end }}', ''],
  ['{{ if or .Values.none (not .Values.off) }}1{{ end }}', '1'],
  ['a {{- /* said in the template only */ -}} b', 'ab'],
  ['{{ toJson .Values.map }}', '{"a":["\\u003cx\\u003e"],"b":1}'],
  ['x: {{- toYaml .Values.map | nindent 2 }}', 'x:\n  a:\n  - <x>\n  b: 1'],
  ['{{ concat (list "a" 1) .Values.none | toJson }}', '["a",1]'],
])('%j', (template, expected) => {
  expect(renderTemplate(template, scope)).toBe(expected);
});

describe('what the chart may not do is refused', () => {
  test.each([
    ['{{ lookup "v1" "Secret" "" "" }}', 'do not use the function lookup'],
    ['{{ range .Values.none }}{{ end }}', 'without an if'],
    ['{{ .Values.nothing }}', 'there is no .Values.nothing'],
    ['{{ .Values.map }}', 'use toJson'],
    ['{{ $x := 1 }}', 'what this chart does not use'],
    ['{{ if .Values.on }}', 'an if without an end'],
    ['{{ end }}', 'without an if'],
    ['{{ (eq 1 1 }}', 'without its ")"'],
    ['{{ eq 1 1) }}', 'a ")" too many'],
    ['{{ fail "no" }}', 'no'],
  ])('%s', (template, message) => {
    expect(() => renderTemplate(template, scope)).toThrow(message);
  });
});
