// fields.ts - what people call the fields of an event.  A name that is not here is shown as it is.
import type { Language } from '../api/types';

const labels: Record<string, { ja: string; en: string }> = {
	'source.ip': { ja: '送信元 IP', en: 'Source IP' },
	'source.port': { ja: '送信元ポート', en: 'Source port' },
	'source.domain': { ja: '送信元ホスト', en: 'Source host' },
	'client.ip': { ja: 'クライアント IP', en: 'Client IP' },
	'destination.ip': { ja: '宛先 IP', en: 'Destination IP' },
	'destination.port': { ja: '宛先ポート', en: 'Destination port' },
	'destination.domain': { ja: '宛先ホスト', en: 'Destination host' },
	'user.name': { ja: 'ユーザー', en: 'User' },
	'host.name': { ja: 'ホスト', en: 'Host' },
	'event.action': { ja: '動作', en: 'Action' },
	'event.outcome': { ja: '結果', en: 'Outcome' },
	'message': { ja: 'メッセージ', en: 'Message' },
	'rule.id': { ja: 'センサーのルール ID', en: 'Sensor rule id' },
	'rule.name': { ja: 'センサーのルール', en: 'Sensor rule' },
	'url.original': { ja: 'URL（ログのまま）', en: 'URL as logged' },
	'url.full': { ja: 'URL', en: 'URL' },
	'url.scheme': { ja: 'スキーム', en: 'Scheme' },
	'url.domain': { ja: 'ドメイン', en: 'Domain' },
	'url.port': { ja: 'URL のポート', en: 'URL port' },
	'url.path': { ja: 'パス', en: 'Path' },
	'url.query': { ja: 'クエリ', en: 'Query' },
	'url.extension': { ja: '拡張子', en: 'Extension' },
	'http.request.method': { ja: 'HTTP メソッド', en: 'HTTP method' },
	'http.response.status_code': { ja: 'HTTP ステータス', en: 'HTTP status' },
	'http.request.referrer': { ja: '参照元', en: 'Referrer' },
	'http.request.bytes': { ja: '送信バイト数', en: 'Bytes sent' },
	'http.response.bytes': { ja: '受信バイト数', en: 'Bytes received' },
	'http.response.mime_type': { ja: '応答の種類', en: 'Response type' },
	'user_agent.original': { ja: 'ユーザーエージェント', en: 'User agent' },
	'hinomi.proxy.result': { ja: 'プロキシの結果', en: 'Proxy result' },
	'hinomi.proxy.hierarchy': { ja: 'プロキシの転送先', en: 'Proxy hierarchy' },
	'hinomi.proxy.category': { ja: 'プロキシの分類', en: 'Proxy category' },
	'network.protocol': { ja: 'プロトコル', en: 'Protocol' },
	'network.transport': { ja: 'トランスポート', en: 'Transport' },
	'dns.question.name': { ja: 'DNS の問い合わせ', en: 'DNS question' },
	'dns.answers.data': { ja: 'DNS の応答', en: 'DNS answer' },
	'tls.client.server_name': { ja: 'TLS のサーバー名', en: 'TLS server name' },
	'tls.client.ja3': { ja: 'TLS 指紋（JA3）', en: 'TLS fingerprint (JA3)' },
	'tls.client.ja4': { ja: 'TLS 指紋（JA4）', en: 'TLS fingerprint (JA4)' },
	'file.name': { ja: 'ファイル名', en: 'File name' },
	'file.hash.sha256': { ja: 'ファイルの SHA-256', en: 'File SHA-256' },
	'process.command_line': { ja: 'コマンドライン', en: 'Command line' },
};

/** Null where only the field's own name is known. */
export function fieldLabel(name: string, language: Language): string | null {
	return Object.hasOwn(labels, name) ? labels[name]?.[language] ?? null : null;
}

const detectors: Record<string, { ja: string; en: string }> = {
	sigma: { ja: 'Sigma ルール', en: 'Sigma rule' },
	indicator: { ja: 'インジケーター', en: 'Indicator' },
};

export const detectorNames: readonly string[] = Object.keys(detectors);

export function detectorLabel(name: string, language: Language): string {
	return Object.hasOwn(detectors, name) ? detectors[name]?.[language] ?? name : name;
}
