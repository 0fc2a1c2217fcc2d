namespace ArrowCid.Tests.Flight.Http;

/// <summary>Short forms of requests.</summary>
internal static class Requests
{
    public static Task<HttpResponseMessage> Send(this HttpClient client, string method, string path,
        params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static string Header(this HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values)
        : response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";

    public static Task<byte[]> Bytes(this HttpResponseMessage response) => response.Content.ReadAsByteArrayAsync();

    public static Task<string> Text(this HttpResponseMessage response) => response.Content.ReadAsStringAsync();
}
