using System.CommandLine;
using System.Runtime.InteropServices;

namespace ArrowCid.Cli.Verbs;

/// <summary>Verbs of <c>channel</c> that read messages.</summary>
internal static class ChannelReadVerbs
{
    private const int ExitOfInterrupt = 130;

    public static Verb MakeTail()
    {
        Argument<string> name = ChannelVerb.NameText();
        var from = new Option<string>("--from")
        {
            HelpName = "WHERE",
            Description = "The start: now, oldest, or a cursor from --json.",
            DefaultValueFactory = _ => "now",
        };
        from.Validators.Add(result =>
        {
            if (!ChannelCursor.TryParse(result.GetValueOrDefault<string>(), out _))
                result.AddError("--from takes now, oldest, or a cursor that 'arrowcid channel tail --json' printed.");
        });
        var consumer = new Option<string?>("--consumer")
        {
            HelpName = "NAME",
            Description = "A durable consumer: it goes on where it stood, also after a crash. Processes with one " +
                "name share the messages.",
        };
        var ack = new Option<string>("--ack")
        {
            Description = "When a consumer's message is acknowledged: auto (once it is printed), explicit (by " +
                "'channel ack'), or none.",
            DefaultValueFactory = _ => "auto",
        };
        ack.AcceptOnlyFromAmong("auto", "explicit", "none");
        var order = new Option<string>("--order")
        {
            Description = "The order: causal (each message after all that it follows, at once), or total (that of " +
                "the log, once no earlier message can come).",
            DefaultValueFactory = _ => "causal",
        };
        order.AcceptOnlyFromAmong("causal", "total");
        Option<TimeSpan?> settle = Verb.Span("--settle",
            "With --order total, the time after which silent participants are no longer waited for. Default: 5s.");
        Option<int?> count = Verb.Number("--count", 1, "The number of messages to print. Default: until interrupted.");
        Option<TimeSpan?> idle = Verb.Span("--idle", "The time without a message after which it ends. Default: never.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("tail",
            "Print the messages of a channel as they come, each after all that it follows. The output is " +
            "ID  TIME  WRITER  CONTENT.",
            "arrowcid channel tail telemetry --from oldest --json",
            "arrowcid channel tail telemetry --consumer etl-7",
            "arrowcid channel tail telemetry --order total --settle 2s")
        {
            name, from, consumer, ack, order, settle, count, idle, store, json,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(consumer) is null) return;
            if (result.GetResult(from) is { Implicit: false } || result.GetValue(order) == "total")
                result.AddError("--consumer goes with neither --from nor --order total.");
        });
        verb.SetAction(parsed =>
        {
            using var interrupt = new CancellationTokenSource();
            using PosixSignalRegistration signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
            {
                context.Cancel = true;
                interrupt.Cancel();
            });
            string? durable = parsed.GetValue(consumer);
            using CidStore opened = durable is null
                ? StoreReading.Open(parsed.GetValue(store)) : StoreWriting.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            using var output = Output.Open();
            try
            {
                long left = parsed.GetValue(count) ?? long.MaxValue;
                bool isJson = parsed.GetValue(json);
                if (durable is not null)
                {
                    Consume(channel, durable, parsed.GetValue(ack)!, left, parsed.GetValue(idle), output, isJson,
                        interrupt.Token);
                    return 0;
                }

                TimeSpan? hold = parsed.GetValue(order) == "total"
                    ? parsed.GetValue(settle) ?? TimeSpan.FromSeconds(5) : null;
                foreach (ChannelMessage message in channel.Read(ChannelCursor.Parse(parsed.GetValue(from)!),
                    parsed.GetValue(idle), hold, interrupt.Token))
                {
                    ChannelVerb.Print(output, message, isJson);
                    if (--left == 0) break;
                }

                return 0;
            }
            catch (OperationCanceledException)
            {
                return ExitOfInterrupt;
            }
        });
        return verb;
    }

    public static Verb MakeLog()
    {
        Argument<string> name = ChannelVerb.NameText();
        var graph = new Option<bool>("--graph") { Description = "The parents of each message too." };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("log",
            "Print the log of a channel. It is all delivered messages, in an order that is the same in every store.",
            "arrowcid channel log telemetry", "arrowcid channel log telemetry --graph")
        {
            name, graph, store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            using var output = Output.Open();
            foreach (ChannelMessage message in channel.Log())
            {
                ChannelVerb.Print(output, message, parsed.GetValue(json));
                if (!parsed.GetValue(graph) || parsed.GetValue(json)) continue;
                foreach (Cid parent in message.Parents) output.Line($"  after {parent}");
            }

            return 0;
        });
        return verb;
    }

    public static Verb MakeAck()
    {
        Argument<string> name = ChannelVerb.NameText();
        Argument<string[]> cids = Verb.CidTexts("The messages:", isNeeded: true);
        var consumer = new Option<string>("--consumer")
        {
            HelpName = "NAME",
            Required = true,
            Description = "The durable consumer.",
        };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("ack",
            "Acknowledge messages of a durable consumer: it does not get them again. The output is the number of " +
            "messages that it has not acknowledged.",
            "arrowcid channel ack telemetry CID --consumer etl-7")
        {
            name, cids, consumer, store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            using ChannelConsumer durable = channel.OpenConsumer(parsed.GetValue(consumer)!);
            durable.Ack(Array.ConvertAll(parsed.GetValue(cids)!, Cid.Parse));
            using var output = Output.Open();
            if (!parsed.GetValue(json))
            {
                output.Line(durable.Pending.ToString(System.Globalization.CultureInfo.InvariantCulture));
                return 0;
            }

            output.JsonLine(writer =>
            {
                writer.WriteNumber("pending", durable.Pending);
                writer.WriteString("position", durable.Position.ToString());
            });
            return 0;
        });
        return verb;
    }

    private static void Consume(MessageChannel channel, string name, string ack, long left, TimeSpan? idle,
        Output output, bool json, CancellationToken cancel)
    {
        using ChannelConsumer consumer = channel.OpenConsumer(name, ack == "auto" ? null : new ChannelConsumerOptions
        {
            AckWait = TimeSpan.MaxValue,
        });
        while (left-- > 0 && consumer.Receive(idle ?? TimeSpan.MaxValue, cancel) is { } message)
        {
            ChannelVerb.Print(output, message, json);
            if (ack == "auto") consumer.Ack(message.Cid);
        }
    }
}
