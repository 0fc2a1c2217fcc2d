using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowCid.Server.Access;

namespace ArrowCid.Server.Http;

/// <summary>Writes the OpenAPI document from the routes.</summary>
internal sealed class OpenApiDocument
{
    private const string TextForm = "Text";

    private const string ComponentsName = "ArrowCid.Server.Http.openapi-components.json";

    private static readonly JsonWriterOptions s_json = new()
    {
        Indented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Utf8JsonWriter _writer;

    // The error answers that an operation refers to: by status and form.
    private readonly SortedSet<(int Status, string Form)> _errors = [];

    private OpenApiDocument(Utf8JsonWriter writer) => _writer = writer;

    /// <summary>Returns the document of those routes that describe themselves.</summary>
    public static byte[] Write(IEnumerable<Route> routes)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, s_json)) new OpenApiDocument(writer).WriteAll(routes);
        return bytes.ToArray();
    }

    /// <summary>The path of a route in the document.</summary>
    public static string PathOf(Route route) => route.Pattern.Replace("{**", "{", StringComparison.Ordinal);

    private void WriteAll(IEnumerable<Route> routes)
    {
        _writer.WriteStartObject();
        _writer.WriteString("openapi", "3.1.0");
        _writer.WriteStartObject("info");
        _writer.WriteString("title", "ArrowCid");
        _writer.WriteString("version", "1");
        _writer.WriteString("description", "Arrow record batches by content address. Fetching by CID needs no token " +
            "on the server's own machine; every listing and every write needs one. GET answers HEAD too.");
        _writer.WriteStartObject("license");
        _writer.WriteString("name", "Apache-2.0");
        _writer.WriteString("identifier", "Apache-2.0");
        _writer.WriteEndObject();
        _writer.WriteEndObject();
        _writer.WriteStartArray("servers");
        _writer.WriteStartObject();
        _writer.WriteString("url", "/");
        _writer.WriteString("description", "The server of this document.");
        _writer.WriteEndObject();
        _writer.WriteEndArray();
        _writer.WriteStartObject("paths");
        foreach (IGrouping<string, Route> path in routes.Where(route => route.Document is not null).GroupBy(PathOf))
        {
            _writer.WriteStartObject(path.Key);
            foreach (Route route in path) WriteOperation(route, route.Document!);
            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
        WriteComponents();
        _writer.WriteEndObject();
    }

    private void WriteOperation(Route route, ApiOperation operation)
    {
        _writer.WriteStartObject(route.Method.ToLowerInvariant());
        _writer.WriteString("operationId", operation.Id);
        _writer.WriteString("summary", operation.Summary);
        _writer.WriteStartArray("parameters");
        foreach (ApiParameter parameter in ApiParameters.OfPath(route).Concat(operation.Parameters))
            WriteParameter(parameter);
        _writer.WriteEndArray();
        if (operation.BodyTypes.Count > 0)
        {
            _writer.WriteStartObject("requestBody");
            _writer.WriteBoolean("required", true);
            WriteContent(operation.BodyTypes, operation.BodySchema);
            _writer.WriteEndObject();
        }

        _writer.WriteStartObject("responses");
        foreach (ApiAnswer answer in operation.Answers)
        {
            _writer.WriteStartObject(answer.Status.ToString(CultureInfo.InvariantCulture));
            _writer.WriteString("description", answer.Description);
            if (answer.Types.Count > 0) WriteContent(answer.Types, answer.Schema);
            _writer.WriteEndObject();
        }

        string form = FormOf(route.Kind);
        foreach (int status in ApiErrors.StatusesOf(route))
        {
            _ = _errors.Add((status, form));
            WriteReference(status == ApiErrors.OtherStatus ? "default" : status.ToString(CultureInfo.InvariantCulture),
                $"responses/{NameOf(status, form)}");
        }

        _writer.WriteEndObject();
        WriteSecurity(route.Need);
        _writer.WriteEndObject();
    }

    private void WriteParameter(ApiParameter parameter)
    {
        _writer.WriteStartObject();
        _writer.WriteString("name", parameter.Name);
        _writer.WriteString("in", parameter.In);
        if (parameter.In == "path") _writer.WriteBoolean("required", true);
        _writer.WriteString("description", parameter.Description);
        bool isArray = parameter.IsRepeated || parameter.IsList;
        _writer.WriteStartObject("schema");
        _writer.WriteString("type", isArray ? "array" : parameter.Type);
        if (isArray)
        {
            _writer.WriteStartObject("items");
            _writer.WriteString("type", parameter.Type);
            _writer.WriteEndObject();
        }

        if (parameter.Limits is var (least, most))
        {
            _writer.WriteNumber("minimum", least);
            _writer.WriteNumber("maximum", most);
        }

        if (parameter.Values.Count > 0)
        {
            _writer.WriteStartArray("enum");
            foreach (string value in parameter.Values) _writer.WriteStringValue(value);
            _writer.WriteEndArray();
        }

        WriteJson("default", parameter.Default);
        _writer.WriteEndObject();
        if (isArray)
        {
            _writer.WriteString("style", "form");
            _writer.WriteBoolean("explode", parameter.IsRepeated);
        }

        WriteJson("example", parameter.Example);
        _writer.WriteEndObject();
    }

    private void WriteJson(string name, string? json)
    {
        if (json is null) return;
        _writer.WritePropertyName(name);
        _writer.WriteRawValue(json);
    }

    private void WriteContent(IReadOnlyList<string> types, string? schema)
    {
        _writer.WriteStartObject("content");
        foreach (string type in types)
        {
            string media = type.Split(';')[0];
            _writer.WriteStartObject(media);
            if (schema is not null)
            {
                WriteReference("schema", $"schemas/{schema}");
            }
            else
            {
                _writer.WriteStartObject("schema");
                _writer.WriteString("type", "string");
                if (!media.StartsWith("text/", StringComparison.Ordinal)) _writer.WriteString("format", "binary");
                _writer.WriteEndObject();
            }

            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
    }

    private void WriteReference(string name, string component)
    {
        _writer.WriteStartObject(name);
        _writer.WriteString("$ref", $"#/components/{component}");
        _writer.WriteEndObject();
    }

    private void WriteSecurity(AccessNeed? need)
    {
        _writer.WriteStartArray("security");
        if (need is null or AccessNeed.Fetch)
        {
            _writer.WriteStartObject();
            _writer.WriteEndObject();
        }

        if (need is { } scope)
        {
            _writer.WriteStartObject();
            _writer.WriteStartArray("token");
            _writer.WriteStringValue(AccessDecision.Text(AccessDecision.Least(scope)));
            _writer.WriteEndArray();
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteComponents()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(ComponentsName)!;
        using var components = JsonDocument.Parse(stream);
        _writer.WriteStartObject("components");
        _writer.WritePropertyName("securitySchemes");
        components.RootElement.GetProperty("securitySchemes").WriteTo(_writer);
        _writer.WriteStartObject("responses");
        foreach ((int status, string form) in _errors) WriteError(status, form);
        _writer.WriteEndObject();
        _writer.WriteStartObject("schemas");
        foreach (JsonProperty schema in components.RootElement.GetProperty("schemas").EnumerateObject())
            schema.WriteTo(_writer);
        WriteErrorCode();
        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }

    private void WriteError(int status, string form)
    {
        bool isText = form == TextForm;
        string codes = string.Join(", ", ApiErrors.CodesOf(status).Select(ApiErrors.NameOf));
        _writer.WriteStartObject(NameOf(status, form));
        _writer.WriteString("description",
            ApiErrors.Describe(status) + (isText || codes.Length == 0 ? "" : $" Codes: {codes}."));
        WriteContent([isText ? "text/plain" : FileTypes.Json], isText ? null : form);
        _writer.WriteEndObject();
    }

    private void WriteErrorCode()
    {
        ErrorCode[] codes = Enum.GetValues<ErrorCode>();
        _writer.WriteStartObject("ErrorCode");
        _writer.WriteString("type", "string");
        _writer.WriteString("description", "Stable codes with their numbers: " + string.Join(", ", codes.Select(code =>
            $"{ApiErrors.NameOf(code)} {(int)code}{(ErrorTable.IsTransient(code) ? " (may be retried)" : "")}")) + ".");
        _writer.WriteStartArray("enum");
        foreach (ErrorCode code in codes) _writer.WriteStringValue(ApiErrors.NameOf(code));
        _writer.WriteEndArray();
        _writer.WriteEndObject();
    }

    /// <summary>The form of the errors of a kind of route: also the name of their schema.</summary>
    private static string FormOf(RouteKind kind) => kind switch
    {
        RouteKind.Api => "Error",
        RouteKind.Pinning => "Failure",
        _ => TextForm,
    };

    private static string NameOf(int status, string form) =>
        form
        + (status == ApiErrors.OtherStatus ? "" : status.ToString(CultureInfo.InvariantCulture));
}
