//! URLs, addresses and address ranges.

use std::net::IpAddr;
use std::rc::Rc;

use super::super::ast::Call;
use super::super::ip::{self, Cidr};
use super::super::url::Url;
use super::super::value::{Error, Result, Value};

pub(super) fn call<'a>(call: &Call, arguments: &[Value<'a>]) -> Option<Result<Value<'a>>> {
    let function = &*call.function;
    Some(match arguments {
        [Value::Text(text)] => match function {
            "url" => Url::parse_request(text)
                .map(|url| Value::Url(Rc::new(url)))
                .map_err(|why| Error::of(format!("URL parse error during conversion from string: {why}"))),
            "isURL" => Ok(Value::Bool(Url::parse_request(text).is_ok())),
            "ip" => ip::parse(text).map(Value::Ip).ok_or_else(|| {
                Error::of(format!("IP Address {text:?} parse error during conversion from string"))
            }),
            "isIP" => Ok(Value::Bool(ip::parse(text).is_some())),
            "ip.isCanonical" => match ip::parse(text) {
                Some(address) => Ok(Value::Bool(address.to_string() == **text)),
                None => {
                    Err(Error::of(format!("IP Address {text:?} parse error during conversion from string")))
                }
            },
            "cidr" => Cidr::parse(text, true).map(Value::Cidr).ok_or_else(|| {
                Error::of(format!("network address parse error during conversion from string: {text:?}"))
            }),
            "isCIDR" => Ok(Value::Bool(Cidr::parse(text, true).is_some())),
            _ => return None,
        },
        [Value::Url(url)] => Ok(match function {
            "getScheme" => Value::text(&*url.scheme),
            "getHost" => Value::text(&*url.host),
            "getHostname" => Value::text(url.hostname()),
            "getPort" => Value::text(url.port()),
            "getEscapedPath" => Value::text(&*url.path),
            "getQuery" => Value::Map(Rc::new(
                url.query()
                    .into_iter()
                    .map(|(key, values)| {
                        (Value::text(key), Value::list(values.into_iter().map(Value::text).collect()))
                    })
                    .collect(),
            )),
            _ => return None,
        }),
        [Value::Ip(address)] => Ok(match function {
            "family" => Value::Int(if address.is_ipv4() { 4 } else { 6 }),
            "isUnspecified" => Value::Bool(address.is_unspecified()),
            "isLoopback" => Value::Bool(address.is_loopback()),
            "isLinkLocalMulticast" => Value::Bool(ip::is_link_local_multicast(*address)),
            "isLinkLocalUnicast" => Value::Bool(ip::is_link_local_unicast(*address)),
            "isGlobalUnicast" => Value::Bool(ip::is_global_unicast(*address)),
            _ => return None,
        }),
        [Value::Cidr(range)] => Ok(match function {
            "ip" => Value::Ip(range.address),
            "masked" => Value::Cidr(range.masked()),
            "prefixLength" => Value::Int(i64::from(range.length)),
            _ => return None,
        }),
        [Value::Cidr(range), other] => {
            let address = |text: &str| ip::parse(text).ok_or_else(|| Error::of("IP Address parse error"));
            let contained: Result<IpAddr> = match (function, other) {
                ("containsIP", Value::Ip(address)) => Ok(*address),
                ("containsIP", Value::Text(text)) => address(text),
                ("containsCIDR", Value::Cidr(other)) => {
                    return Some(Ok(Value::Bool(range.contains_range(other))));
                }
                ("containsCIDR", Value::Text(text)) => {
                    let other =
                        Cidr::parse(text, true).ok_or_else(|| Error::of("network address parse error"));
                    return Some(other.map(|other| Value::Bool(range.contains_range(&other))));
                }
                _ => return None,
            };
            contained.map(|address| Value::Bool(range.contains(address)))
        }
        _ => return None,
    })
}
